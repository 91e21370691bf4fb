//! An execution for programs, and why it failed.

use std::collections::BTreeMap;
use std::fmt;

use aliyun_fnf::{Client, Error, Event, Execution};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use taskback_core::RetryPolicy;
use tokio::time::Instant;

use super::call::history_pages;

/// An execution as JSON for programs: `flowName`, `executionName`, `status`, `startedTime`,
/// `stoppedTime`, `input`, `output`. A member that the service leaves out is absent.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionView<'e> {
    #[serde(skip_serializing_if = "Option::is_none")]
    flow_name: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    execution_name: Option<&'e str>,
    status: &'e str,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_time: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped_time: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Box<RawValue>>,
}

/// Shows the names and the status; input and output are the user's.
impl fmt::Debug for ExecutionView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExecutionView")
            .field("flow_name", &self.flow_name)
            .field("execution_name", &self.execution_name)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl<'e> ExecutionView<'e> {
    /// The view of that execution.
    pub fn of(execution: &'e Execution) -> Self {
        Self {
            flow_name: execution.flow_name.as_deref(),
            execution_name: execution.name.as_deref(),
            status: execution.status.as_str(),
            started_time: execution.started_time.as_deref(),
            stopped_time: execution.stopped_time.as_deref(),
            input: execution.input.as_deref().and_then(json),
            output: execution.output.as_deref().and_then(json),
        }
    }
}

/// Returns the text as it is, so that no number is rounded; a text that is not JSON becomes a JSON string.
fn json(text: &str) -> Option<Box<RawValue>> {
    RawValue::from_string(text.to_owned()).or_else(|_| to_raw_value(text)).ok()
}

/// The error and cause of an event, where its detail has them: FnF gives them in the history only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct FailureReason {
    /// A short name for programs.
    pub error: Option<String>,
    /// A text for people. It is the user's and may hold anything.
    pub cause: Option<String>,
}

impl FailureReason {
    /// The reason in the detail of that event.
    pub fn of(event: &Event) -> Self {
        // Member by member: the others may be numbers of any size, or nest to any depth.
        let detail: BTreeMap<String, &RawValue> =
            event.detail.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let text = |upper: &str, lower: &str| {
            let raw = detail.get(upper).or(detail.get(lower))?;
            let inside = raw.get().strip_prefix('"')?.strip_suffix('"')?;
            // With half of a surrogate pair in it the text has no characters, and is shown as it is written.
            let text = serde_json::from_str(raw.get()).unwrap_or_else(|_| inside.to_owned());
            (!text.is_empty()).then_some(text)
        };
        Self { error: text("Error", "error"), cause: text("Cause", "cause") }
    }

    /// The reason of an execution that ended without success.
    pub(super) async fn of_end(
        client: &Client,
        retry: &RetryPolicy,
        (flow, execution): (&str, &str),
        deadline: Instant,
    ) -> Result<Self, Error> {
        let mut last = None;
        // A history may be long, and only its end has the reason.
        let see = |page: Vec<Event>| last = page.into_iter().rfind(is_end).or(last.take());
        history_pages(client, retry, (flow, execution), deadline, see).await?;
        Ok(last.as_ref().map(Self::of).unwrap_or_default())
    }
}

/// Shows the error's name only.
impl fmt::Debug for FailureReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FailureReason({})", self.error.as_deref().unwrap_or_default())
    }
}

fn is_end(event: &Event) -> bool {
    let kind = event.event_type.as_deref().unwrap_or_default();
    kind.starts_with("Execution") && kind != "ExecutionStarted"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(detail: &str) -> (Option<String>, Option<String>) {
        let (event_type, detail) = (Some("ExecutionFailed".into()), Some(detail.to_owned().into()));
        let (event_id, schedule_event_id, step_name, time) = (None, None, None, None);
        let FailureReason { error, cause } =
            FailureReason::of(&Event { event_type, event_id, schedule_event_id, step_name, time, detail });
        (error, cause)
    }

    #[test]
    fn error_and_cause_are_read_beside_anything() {
        let both = || (Some("E".to_owned()), Some("c".to_owned()));
        assert_eq!(reason(r#"{"Error":"E","Cause":"c"}"#), both());
        assert_eq!(reason(r#"{"error":"E","x":1e400,"cause":"c"}"#), both());
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        assert_eq!(reason(&format!(r#"{{"Error":"E","x":{deep},"Cause":"c"}}"#)), both());
        assert_eq!(reason(r#"{"Error":"E","Cause":"half \ud800"}"#).1.as_deref(), Some(r"half \ud800"));
        for none in ["", "no JSON", "[]", r#"{"Error":"","Cause":null}"#, r#"{"Error":7,"Cause":["c"]}"#] {
            assert_eq!(reason(none), (None, None), "{none}");
        }
    }
}
