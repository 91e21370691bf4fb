use aliyun_fnf::{Client, Error, Event};
use serde_json::Value;
use taskback_core::RetryPolicy;
use tokio::time::Instant;

use super::call::history;

/// Error and cause of an event, where its detail says them: FnF tells them in the history only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Reason {
    /// A short name for programs.
    pub error: Option<String>,
    /// A text for people. It is the user's and may hold anything.
    pub cause: Option<String>,
}

impl Reason {
    /// What that event says.
    pub fn of(event: &Event) -> Self {
        let detail: Value =
            event.detail.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let text = |upper: &str, lower: &str| {
            let text = detail.get(upper).or(detail.get(lower)).and_then(Value::as_str);
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        Self { error: text("Error", "error"), cause: text("Cause", "cause") }
    }

    /// Why an execution that has ended did not succeed.
    pub(super) async fn of_end(
        client: &Client,
        retry: &RetryPolicy,
        (flow, execution): (&str, &str),
        until: Instant,
    ) -> Result<Self, Error> {
        let events = history(client, retry, (flow, execution), until).await?;
        Ok(events.iter().rfind(|event| is_end(event)).map(Self::of).unwrap_or_default())
    }
}

/// Shows the error's name only.
impl std::fmt::Debug for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reason({})", self.error.as_deref().unwrap_or_default())
    }
}

fn is_end(event: &Event) -> bool {
    let kind = event.event_type.as_deref().unwrap_or_default();
    kind.starts_with("Execution") && kind != "ExecutionStarted"
}
