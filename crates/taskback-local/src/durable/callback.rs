use serde::Serialize;
use serde_json::{Value, json};

/// The names of a callback that waits for a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Callback {
    /// The ARN of the durable execution.
    pub durable_execution_arn: String,
    /// The id that all events of the callback share.
    pub operation_id: String,
}

impl Callback {
    /// What a function can send beside the callback id.
    pub(crate) fn as_opened(&self) -> Value {
        json!({ "execution": { "durableExecutionArn": self.durable_execution_arn } })
    }
}
