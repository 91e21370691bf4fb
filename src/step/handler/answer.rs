//! From a child's answer to the result of its task.

use serde_json::{Map, Value};
use taskback_core::{Output, printable};

use crate::step::contract::{StepError, StepOutput};
use crate::step::external::{CAUSE_BYTES, OUTPUT_BYTES, Written, text, too_large};
use crate::step::terminal_errors::{TerminalErrors, unframed};

/// The answer to one invocation.
pub(super) enum Answer {
    /// The bytes of the output, cut above what the server keeps.
    Output(Vec<u8>),
    Failed(Failure),
}

/// A failure as the child's runtime names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) error: String,
    pub(super) message: String,
}

/// The largest name and the largest message of a failure, in bytes; the rest is dropped. No service takes as much.
const MAX_ERROR: usize = 4 << 10;
const MAX_MESSAGE: usize = 256 << 10;

/// Python: the handler returned, and what it returned is not JSON.
const MARSHAL_ERROR: &str = "Runtime.MarshalError";

impl Answer {
    /// Returns whether it would fail the task for good.
    pub(super) fn is_terminal(&self, terminal: &TerminalErrors) -> bool {
        matches!(self, Self::Failed(failure) if failure.is_terminal(terminal))
    }

    pub(super) fn judge(self, terminal: &TerminalErrors) -> Result<StepOutput, StepError> {
        match self {
            Self::Output(bytes) if bytes.len() > OUTPUT_BYTES => Err(too_large()),
            Self::Output(bytes) => match Written::read(bytes) {
                Written::Json(json) => Ok(StepOutput::Succeeded(Output::from_raw(json))),
                // A handler of Java's streams that writes nothing.
                Written::Nothing => StepOutput::succeeded(&()),
                Written::Text(_) | Written::NotUtf8(_) => {
                    Err(invalid_output("the handler succeeded; its output is not JSON"))
                }
            },
            Self::Failed(failure) if failure.error == MARSHAL_ERROR => {
                Err(invalid_output(&format!("the handler succeeded; {}", failure.message)))
            }
            Self::Failed(failure) if failure.is_terminal(terminal) => {
                Err(StepError::terminal(unframed(&failure.error), failure.message))
            }
            Self::Failed(failure) => Err(StepError::retryable(failure.to_string())),
        }
    }
}

fn invalid_output(cause: &str) -> StepError {
    StepError::terminal("InvalidOutput", cause)
}

impl Failure {
    /// Reads the body of an error; `kind` is the header that names it too. Neither need be there.
    pub(super) fn read(body: &[u8], kind: Option<&str>) -> Self {
        let members: Map<String, Value> = serde_json::from_slice(body).unwrap_or_default();
        let member = |name: &str| members.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let kind = kind.filter(|kind| !kind.is_empty());
        let error = member("errorType").or(kind).unwrap_or("Unhandled").to_owned();
        let message = member("errorMessage").map(str::to_owned);
        let message = message.unwrap_or_else(|| if members.is_empty() { text(body) } else { String::new() });
        Self { error: cut(error, MAX_ERROR), message: cut(message, MAX_MESSAGE) }
    }

    /// For a log and for an error's text.
    pub(super) fn line(&self) -> String {
        printable(&self.to_string(), CAUSE_BYTES)
    }

    fn is_terminal(&self, terminal: &TerminalErrors) -> bool {
        self.error == MARSHAL_ERROR || terminal.has_error(&self.error)
    }
}

fn cut(mut text: String, max: usize) -> String {
    text.truncate(text.floor_char_boundary(max));
    text
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { error, message } = self;
        if message.is_empty() { f.write_str(error) } else { write!(f, "{error}: {message}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(answer: Answer) -> Result<String, String> {
        let terminal = TerminalErrors::parse("CardDeclined,com.shop.Lost").unwrap();
        match answer.judge(&terminal) {
            Ok(StepOutput::Succeeded(output)) => Ok(output.json().to_owned()),
            Ok(other) => panic!("{other:?}"),
            Err(StepError::Terminal { error, cause }) => Err(format!("{error}: {cause}")),
            Err(StepError::Retryable(error)) => Err(format!("retryable: {error}")),
        }
    }

    fn failed(body: &str, kind: Option<&str>) -> String {
        judged(Answer::Failed(Failure::read(body.as_bytes(), kind))).unwrap_err()
    }

    #[test]
    fn output_is_json_or_invalid() {
        let output = |text: &str| judged(Answer::Output(text.into()));
        assert_eq!(output(r#"{"n": 1.10000000000000000001}"#).unwrap(), r#"{"n": 1.10000000000000000001}"#);
        assert_eq!(output("").unwrap(), "null");
        for text in ["NaN", r#"{"n": NaN}"#, "bytes of the user", "{\"half\":"] {
            let error = output(text).unwrap_err();
            assert_eq!(error, "InvalidOutput: the handler succeeded; its output is not JSON", "{text}");
        }
        assert!(judged(Answer::Output(vec![0xff])).unwrap_err().starts_with("InvalidOutput"));
        let error = judged(Answer::Output(vec![b'1'; OUTPUT_BYTES + 1])).unwrap_err();
        assert!(error.starts_with("OutputTooLarge"), "{error}");
    }

    #[test]
    fn only_named_errors_are_terminal() {
        for (kind, expected) in [
            ("CardDeclined", "CardDeclined: no"),
            ("com.shop.CardDeclined", "com.shop.CardDeclined: no"),
            ("Function<Shop::CardDeclined>", "Shop::CardDeclined: no"),
            ("Function<CardDeclined>", "CardDeclined: no"),
            ("com.shop.Lost", "com.shop.Lost: no"),
            ("com.other.Lost", "retryable: com.other.Lost: no"),
            ("Lost", "retryable: Lost: no"),
            ("CardDeclinedLater", "retryable: CardDeclinedLater: no"),
            ("Error", "retryable: Error: no"),
            ("Runtime.MarshalError", "InvalidOutput: the handler succeeded; no"),
        ] {
            let body = format!(r#"{{"errorType":"{kind}","errorMessage":"no","stackTrace":[["f",1]]}}"#);
            assert_eq!(failed(&body, None), expected);
        }
    }

    #[test]
    fn failure_is_bounded() {
        let long = "é\n".repeat(2 << 20);
        let body = serde_json::json!({"errorType": long, "errorMessage": long}).to_string();
        for failure in [Failure::read(body.as_bytes(), None), Failure::read(long.as_bytes(), Some(&long))] {
            assert!(failure.error.len() <= MAX_ERROR && failure.message.len() <= MAX_MESSAGE);
            assert!(failure.message.starts_with("é\né"));
            let line = failure.line();
            assert!(line.chars().count() <= CAUSE_BYTES && !line.contains('\n'), "{}", line.len());
        }
    }

    #[test]
    fn broken_error_is_retryable() {
        assert_eq!(failed("", None), "retryable: Unhandled");
        assert_eq!(failed("no json", Some("Runtime.Unknown")), "retryable: Runtime.Unknown: no json");
        assert_eq!(failed(r#"{"errorType":7}"#, Some("")), "retryable: Unhandled");
        assert_eq!(failed("", Some("CardDeclined")), "CardDeclined: ");
    }
}
