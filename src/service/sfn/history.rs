//! The history of an execution says who closed a task, if the message names the execution.
//!
//! Its events show task tokens and the user's data in clear: nothing of them is logged or kept.

use std::collections::{HashMap, HashSet};

use aws_sdk_sfn::Client;
use aws_sdk_sfn::types::{HistoryEvent, HistoryEventType};
use taskback_core::sfn::{self, Report};
use taskback_core::{ClosedBy, Outcome, RawTask};

use crate::json_equality::is_same_json;
use crate::service::history_page::answered;

/// The events of one page: each may have 256 KiB, and a function has little memory.
const PAGE: i32 = 40;
/// The maximum of pages: a history has 25,000 events at most (the service's quota).
const MAX_PAGES: usize = 625;

/// Compares the end of the task with `outcome`. `None` where the message does not name the execution, or the history
/// could not be read or does not show the task: that of an activity shows no token.
pub(super) async fn closed_by(client: &Client, task: &RawTask, outcome: &Outcome) -> Option<ClosedBy> {
    let arn = task.execution.text(sfn::EXECUTION_ARN)?;
    // The end of a task is near the end of its history.
    let call = client.get_execution_history().execution_arn(arn).reverse_order(true).max_results(PAGE);
    let call = call.include_execution_data(true);
    let (mut page, mut seen) = (None, HashSet::new());
    let mut ends = Ends::default();
    while seen.len() < MAX_PAGES {
        let answer = answered(|| call.clone().set_next_token(page.clone()).send()).await?;
        for event in &answer.events {
            if is_schedule_of(event, task) {
                return ends.closed_by(event);
            }
            ends.add(event, outcome);
        }
        let next = answer.next_token?;
        // A page that leads back to an earlier one has no end.
        if !seen.insert(next.clone()) {
            return None;
        }
        page = Some(next);
    }
    None
}

/// The ends of tasks, newest first, until the events that scheduled them are found.
#[derive(Default)]
struct Ends {
    /// By the id of the event that each follows.
    by_previous: HashMap<i64, Option<ClosedBy>>,
    /// The execution ended: its open tasks have no end of their own. An aborted state does not show which they are.
    is_cut_off: bool,
}

impl Ends {
    fn add(&mut self, event: &HistoryEvent, outcome: &Outcome) {
        use HistoryEventType as Type;
        match event.r#type() {
            Type::TaskSucceeded | Type::TaskFailed | Type::TaskTimedOut => {
                self.by_previous.insert(event.previous_event_id, end(event, outcome));
            }
            Type::TaskSubmitted | Type::TaskStarted => {
                if let Some(end) = self.by_previous.remove(&event.id) {
                    self.by_previous.insert(event.previous_event_id, end);
                }
            }
            Type::ExecutionAborted
            | Type::ExecutionFailed
            | Type::ExecutionSucceeded
            | Type::ExecutionTimedOut => self.is_cut_off = true,
            _ => {}
        }
    }

    /// The party that closed the task which this event scheduled. Without an end the task may have been cut off; if
    /// nothing was, the history lags behind.
    fn closed_by(&self, scheduled: &HistoryEvent) -> Option<ClosedBy> {
        match self.by_previous.get(&scheduled.id) {
            Some(end) => *end,
            None => self.is_cut_off.then_some(ClosedBy::Other),
        }
    }
}

/// Whether the event scheduled the task: its parameters hold the token. A call that reports the token has it too.
fn is_schedule_of(event: &HistoryEvent, task: &RawTask) -> bool {
    event.task_scheduled_event_details().is_some_and(|scheduled| {
        scheduled.resource().ends_with(".waitForTaskToken")
            && scheduled.parameters().contains(task.token.expose())
    })
}

/// The party that wrote the end, by its text; `None` where the history does not show the whole text.
fn end(event: &HistoryEvent, outcome: &Outcome) -> Option<ClosedBy> {
    let is_ours = match sfn::report(outcome) {
        Some(Report::Success { output }) => match event.task_succeeded_event_details() {
            Some(end) if end.output_details().is_some_and(|details| details.truncated) => return None,
            Some(end) => is_same_json(end.output()?, output),
            None => false,
        },
        Some(Report::Failure { error, cause }) => event
            .task_failed_event_details()
            .is_some_and(|end| end.error() == Some(&*error) && end.cause() == cause.as_deref()),
        None => false,
    };
    Some(if is_ours { ClosedBy::Us } else { ClosedBy::Other })
}
