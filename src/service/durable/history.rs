//! The history of a durable execution says who closed a callback, if the message names the execution.
//!
//! Its events show callback ids and the user's data in clear: nothing of them is logged or kept.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use taskback_core::durable::{self, Report};
use taskback_core::{ClosedBy, Outcome, RawTask};
use tokio::time::Instant;

use super::calls::Calls;
use crate::json_equality::is_same_json;
use crate::service::answer::request_id;
use crate::service::history_page::{PATIENCE, answered};

/// The maximum of pages: more events than the 3,000 operations of an execution have (the service's quota).
const MAX_PAGES: usize = 625;

/// Compares the end of the callback with `outcome`. `None` where the message does not name the execution, or the history
/// could not be read or does not show the callback.
pub(super) async fn closed_by(calls: &Calls, task: &RawTask, outcome: &Outcome) -> Option<ClosedBy> {
    // Every one has a slash: a text such as `..` would lead to another path.
    let arn = task.execution.text(durable::DURABLE_EXECUTION_ARN).filter(|arn| arn.contains('/'))?;
    let (mut marker, mut seen) = (None, HashSet::new());
    let mut ends = Ends::default();
    while seen.len() < MAX_PAGES {
        let answer = answered(|| page(calls, arn, marker.as_deref())).await?;
        for event in answer.events {
            if event.started.as_ref().is_some_and(|started| started.callback_id == task.token.expose()) {
                return ends.closed_by(&event);
            }
            ends.add(event, outcome);
        }
        let next = answer.next_marker?;
        // A page that leads back to an earlier one has no end.
        if !seen.insert(next.clone()) {
            return None;
        }
        marker = Some(next);
    }
    None
}

/// One page, newest first. An answer without the service's id of the request is another party's.
async fn page(calls: &Calls, arn: &str, marker: Option<&str>) -> Result<Page, NoPage> {
    // Later than the end of the caller's patience, after which a call that hangs is repeated.
    let deadline = Instant::now() + 2 * PATIENCE;
    let answer = calls.history(arn, marker, deadline).await.map_err(|_| NoPage)?;
    if answer.status != 200 || request_id(&answer).is_none() {
        return Err(NoPage);
    }
    serde_json::from_slice(&answer.body).map_err(|_| NoPage)
}

struct NoPage;

/// The ends of callbacks, newest first, until the events that started them are found.
#[derive(Default)]
struct Ends {
    /// By the id of the operation, which all events of a callback share.
    by_operation: HashMap<String, Option<ClosedBy>>,
    /// The execution ended: its open callbacks have no end of their own.
    is_cut_off: bool,
}

impl Ends {
    fn add(&mut self, event: Event, outcome: &Outcome) {
        match &*event.kind {
            "CallbackSucceeded" | "CallbackFailed" | "CallbackTimedOut" => {
                if let Some(id) = event.id.clone() {
                    self.by_operation.insert(id, end(&event, outcome));
                }
            }
            "ExecutionSucceeded" | "ExecutionFailed" | "ExecutionTimedOut" | "ExecutionStopped" => {
                self.is_cut_off = true;
            }
            _ => {}
        }
    }

    /// The party that closed the callback which this event started. Without an end it may have been cut off; if nothing
    /// was, the history lags behind.
    fn closed_by(&self, started: &Event) -> Option<ClosedBy> {
        match started.id.as_ref().and_then(|id| self.by_operation.get(id)) {
            Some(end) => *end,
            None => self.is_cut_off.then_some(ClosedBy::Other),
        }
    }
}

/// The party that wrote the end, by its text; `None` where the history does not show the whole text.
fn end(event: &Event, outcome: &Outcome) -> Option<ClosedBy> {
    let is_ours = match durable::report(outcome) {
        Some(Report::Succeeded { result }) => match &event.succeeded {
            // A result may be empty, and an output is not.
            Some(end) => {
                let text = end.result.as_ref().filter(|shown| !shown.is_cut())?.payload.as_ref()?;
                !text.is_empty() && is_same_json(text, result)
            }
            None => false,
        },
        Some(Report::Failed(error)) => match &event.failed {
            Some(end) => {
                let shown = end.error.as_ref()?;
                let text = shown.payload.as_ref()?;
                let is_same = text.error_type.as_deref() == Some(&*error.error_type)
                    && text.error_message.as_ref() == Some(&error.error_message);
                // Only the data or the stack trace may be cut then, and ours has neither.
                if !is_same && shown.is_cut() {
                    return None;
                }
                is_same
            }
            None => false,
        },
        None => false,
    };
    Some(if is_ours { ClosedBy::Us } else { ClosedBy::Other })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    events: Vec<Event>,
    next_marker: Option<String>,
}

/// The members that are read here. It has no `Debug`: they are secrets and the user's data.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    #[serde(rename = "EventType")]
    kind: String,
    id: Option<String>,
    #[serde(rename = "CallbackStartedDetails")]
    started: Option<Started>,
    #[serde(rename = "CallbackSucceededDetails")]
    succeeded: Option<Succeeded>,
    #[serde(rename = "CallbackFailedDetails")]
    failed: Option<Failed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Started {
    callback_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Succeeded {
    result: Option<Data<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Failed {
    error: Option<Data<CallbackError>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Data<T> {
    payload: Option<T>,
    truncated: Option<bool>,
}

impl<T> Data<T> {
    fn is_cut(&self) -> bool {
        self.truncated == Some(true)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CallbackError {
    error_type: Option<String>,
    error_message: Option<String>,
}
