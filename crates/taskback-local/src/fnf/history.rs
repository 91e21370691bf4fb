use serde_json::{Value, json};

use super::execution::Event;
use super::executions::find;
use super::invalid;
use super::params::Params;
use crate::books::Books;
use crate::call::Done;

/// GetExecutionHistory. A page's token is the number of events before the next one.
pub(super) fn get(books: &Books, params: &Params) -> Done {
    let run = &books.fnf.executions[find(books, params)?];
    let limit = params.number("Limit", 1..=1000)?.unwrap_or(60);
    let start = match params.get("NextToken") {
        None => 0,
        Some(token) => token
            .parse()
            .ok()
            .filter(|start| (1..run.events.len()).contains(start))
            .ok_or_else(|| invalid("NextToken is invalid."))?,
    };
    let page = run.events.iter().enumerate().skip(start).take(limit);
    let events: Vec<_> = page.map(|(place, event)| event.view(books, place as i64 + 1)).collect();
    let end = start + events.len();
    let more = end < run.events.len();
    let next = if more { end.to_string() } else { String::new() };
    Ok(json!({ "Events": events, "NextToken": next }))
}

impl Event {
    fn view(&self, books: &Books, id: i64) -> Value {
        json!({
            "Type": self.kind,
            "EventId": id,
            "ScheduleEventId": self.scheduled,
            "StepName": self.step,
            "Time": books.clock.timestamp(self.at),
            "EventDetail": self.detail,
        })
    }
}
