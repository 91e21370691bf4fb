//! GetDurableExecutionHistory, and the events of callbacks.

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::callback::Callback;
use super::refusal::{invalid_parameter, unknown_execution};
use super::state::Execution;
use crate::effect::OperationResult;
use crate::response::Refusal;
use crate::state::LocalState;
use crate::task::{ReportedOutcome, TaskEnd, TimeoutKind};

/// The parameters of a request.
pub(super) struct HistoryQuery {
    arn: String,
    page: usize,
    first: usize,
    newest_first: bool,
    has_data: bool,
}

impl HistoryQuery {
    /// Reads the ARN, which is a segment of the path, and the query.
    pub(super) fn read(segment: &str, query: &str) -> Result<Self, Refusal> {
        let arn = decode(segment);
        if !is_execution_arn(&arn) {
            return Err(invalid_parameter("DurableExecutionArn"));
        }
        let mut read = Self { arn, page: 100, first: 0, newest_first: false, has_data: false };
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            let value = decode(value);
            match name {
                "IncludeExecutionData" => read.has_data = value == "true",
                "ReverseOrder" => read.newest_first = value == "true",
                "Marker" => read.first = value.parse().map_err(|_| invalid_parameter("Marker"))?,
                "MaxItems" => {
                    let max = value.parse().ok().filter(|max| *max <= MAX_PAGE);
                    let max = max.ok_or_else(|| invalid_parameter("MaxItems"))?;
                    read.page = if max == 0 { read.page } else { max };
                }
                _ => {}
            }
        }
        Ok(read)
    }
}

const MAX_PAGE: usize = 1000;

/// Whether a text has the form of a durable execution's ARN.
pub(super) fn is_execution_arn(text: &str) -> bool {
    text.starts_with("arn:") && text.contains("/durable-execution/") && text.len() <= 1024
}

/// A page of events; the marker of the next one is its first event's place.
pub(super) fn get(state: &mut LocalState, query: &HistoryQuery) -> OperationResult {
    let mut events = state.durable.execution(&query.arn).ok_or_else(unknown_execution)?.events.clone();
    if query.newest_first {
        events.reverse();
    }
    if !query.has_data {
        events.iter_mut().for_each(remove_data);
    }
    let end = events.len().min(query.first.saturating_add(query.page));
    let mut body = json!({ "Events": events.get(query.first..end).unwrap_or_default() });
    if end < events.len() {
        body["NextMarker"] = end.to_string().into();
    }
    Ok(body.into())
}

/// Without the data, a result or an error is there and has no payload.
fn remove_data(event: &mut Value) {
    for (details, member) in [("CallbackSucceededDetails", "Result"), ("CallbackFailedDetails", "Error")] {
        if let Some(data) = event.get_mut(details) {
            data[member] = json!({ "Truncated": true });
        }
    }
}

/// Records the end of a callback. A stop has an event of the execution only.
pub(super) fn record_end(execution: &mut Execution, callback: &Callback, end: &TaskEnd, at: f64) {
    let data = |payload: Value| json!({ "Payload": payload, "Truncated": false });
    let (kind, details) = match end {
        TaskEnd::Reported(ReportedOutcome::Succeeded { output }) => {
            ("CallbackSucceeded", json!({ "Result": data(json!(output)) }))
        }
        TaskEnd::Reported(ReportedOutcome::Failed { error, cause }) => {
            let error = json!({ "ErrorType": error, "ErrorMessage": cause });
            ("CallbackFailed", json!({ "Error": data(error) }))
        }
        TaskEnd::TimedOut(kind) => {
            let error = match kind {
                TimeoutKind::Heartbeat => "Callback.Heartbeat",
                TimeoutKind::StartToClose => "Callback.Timeout",
            };
            ("CallbackTimedOut", json!({ "Error": data(json!({ "ErrorType": error })) }))
        }
        TaskEnd::Reported(ReportedOutcome::Canceled { .. })
        | TaskEnd::WorkflowEnded
        | TaskEnd::CanceledByTest => return,
    };
    execution.push(kind, Some(&callback.operation_id), at, details);
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
