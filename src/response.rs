use std::fmt;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use taskback_core::Members;

use crate::trigger::error::InvocationError;

/// A handler's response to an event: JSON text, in which a step's output stands as the step wrote it.
///
/// Values parsed from it follow the rules of their parser: `serde_json::Value` rounds large numbers.
///
/// ```
/// use serde_json::value::RawValue;
/// use taskback::Response;
///
/// let json = RawValue::from_string(r#"{"batchItemFailures":[{"itemIdentifier":"m2"}]}"#.into())?;
/// assert_eq!(Response::from_raw(json).batch_item_failures(), ["m2"]);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Serialize)]
#[serde(transparent)]
pub struct Response(Box<RawValue>);

impl Response {
    /// The response with this content, whose raw JSON stays as it is.
    pub(crate) fn new(content: &impl Serialize) -> Result<Self, InvocationError> {
        let failed = |_| InvocationError::MessageNacked("the response could not be written as JSON".into());
        to_raw_value(content).map(Self).map_err(failed)
    }

    /// The response with this JSON text, for a [`Handler`](crate::Handler) of your own.
    pub fn from_raw(json: Box<RawValue>) -> Self {
        Self(json)
    }

    /// The JSON text.
    pub fn json(&self) -> &str {
        self.0.get()
    }

    /// The ids of the messages that will be redelivered, as the response lists them in
    /// `batchItemFailures`; empty for triggers without partial responses.
    pub fn batch_item_failures(&self) -> Vec<String> {
        let members = Members::of(&self.0);
        let failures = members.and_then(|members| members.get("batchItemFailures"));
        let failures: Vec<&RawValue> =
            failures.and_then(|list| serde_json::from_str(list.get()).ok()).unwrap_or_default();
        let id = |failure| Members::of(failure)?.text("itemIdentifier");
        failures.into_iter().map(|failure| id(failure).unwrap_or_default()).collect()
    }
}

/// Shows its length only: it can hold the user's output.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({} bytes)", self.json().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(json: &str) -> Response {
        Response::from_raw(RawValue::from_string(json.to_owned()).unwrap())
    }

    #[test]
    fn failures_of_batch_are_listed() {
        let two = r#"{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"b"}]}"#;
        assert_eq!(response(two).batch_item_failures(), ["a", "b"]);
        let deep = format!(r#"{{"output":{}1{}}}"#, "[".repeat(5000), "]".repeat(5000));
        for none in [r#"{"batchItemFailures":[]}"#, r#"{"done":2}"#, "null", &deep] {
            assert!(response(none).batch_item_failures().is_empty(), "{none}");
        }
        let odd = r#"{"batchItemFailures":[{"itemIdentifier":null},7]}"#;
        assert_eq!(response(odd).batch_item_failures(), ["", ""], "still two failures");
    }

    #[test]
    fn debug_shows_no_output() {
        let shown = format!("{:?}", response(r#"{"output":"secret"}"#));
        assert!(!shown.contains("secret"), "{shown}");
    }
}
