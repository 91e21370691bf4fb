use serde_json::{Value, json};

use super::execution::HistoryEvent;
use super::executions::find;
use super::params::Params;
use super::refusal::invalid;
use crate::clock::Clock;
use crate::effect::OperationResult;
use crate::state::LocalState;

/// GetExecutionHistory. A page's token is the number of events before the next page.
pub(super) fn get(state: &LocalState, params: &Params) -> OperationResult {
    let execution = &state.fnf.executions[find(state, params)?];
    let limit = params.number("Limit", 1..=1000)?.unwrap_or(60);
    let start = match params.get("NextToken") {
        None => 0,
        Some(token) => token
            .parse()
            .ok()
            .filter(|start| (1..execution.events.len()).contains(start))
            .ok_or_else(|| invalid("NextToken is invalid."))?,
    };
    let page = execution.events.iter().enumerate().skip(start).take(limit);
    let events: Vec<_> = page.map(|(index, event)| event.view(&state.clock, index as i64 + 1)).collect();
    let end = start + events.len();
    let next = if end < execution.events.len() { end.to_string() } else { String::new() };
    Ok(json!({ "Events": events, "NextToken": next }).into())
}

impl HistoryEvent {
    fn view(&self, clock: &Clock, id: i64) -> Value {
        json!({
            "Type": self.event_type,
            "EventId": id,
            "ScheduleEventId": self.scheduled_event,
            "StepName": self.step,
            "Time": clock.timestamp(self.at),
            "EventDetail": self.detail,
        })
    }
}
