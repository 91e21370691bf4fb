use aliyun_fnf::Execution;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

/// An execution as JSON for programs: `flowName`, `executionName`, `status`, `startedTime`,
/// `stoppedTime`, `input`, `output`. What the service does not say is left out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct View<'e> {
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

impl<'e> View<'e> {
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

/// The text as it is, so that no number is rounded; what is no JSON becomes a JSON string.
fn json(text: &str) -> Option<Box<RawValue>> {
    RawValue::from_string(text.to_owned()).or_else(|_| to_raw_value(text)).ok()
}
