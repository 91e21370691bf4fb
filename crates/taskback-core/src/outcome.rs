use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::token::hex;
use crate::{ErrorKind, Flaw, text};

/// What the workflow is told. Once decided it never changes, but for the one
/// [replacement](Self::replacement) of an output that the service refuses.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The step did its work.
    Succeeded(Output),
    /// The step failed for good.
    Failed {
        /// A short name for programs (SWF: reason).
        error: String,
        /// A text for people (SWF: details); empty = none.
        cause: String,
    },
    /// The workflow asked for cancellation and the step stopped.
    Canceled {
        /// A text for people; empty = none.
        details: String,
    },
    /// Somebody else holds the token now and will report.
    Delegated {
        /// Who holds it, such as an execution's name. Never the token.
        to: String,
    },
}

/// The error of a step that failed without naming one.
pub const STEP_FAILED: &str = "StepFailed";
/// The error of a step that panicked on its last delivery.
pub const STEP_PANICKED: &str = "StepPanicked";
/// The error where the input has another type than the step takes.
pub const INVALID_INPUT: &str = "InvalidInput";
/// The error of a task whose message reached the dead-letter queue without an outcome.
pub const DEAD_LETTERED: &str = "DeadLettered";
/// The error of a task that was polled and could not be put into a worker's queue.
pub const NOT_QUEUED: &str = "NotQueued";
/// The error in place of an output that exceeds the service's limit.
pub const OUTPUT_TOO_LARGE: &str = "OutputTooLarge";
/// The error in place of an output whose form the service refused.
pub const OUTPUT_REFUSED: &str = "OutputRefused";
/// The error that stands for a cancellation where the service has no call for it.
pub const CANCELED: &str = "Canceled";

impl Outcome {
    /// A failure by error and cause.
    pub fn failed(error: impl Into<String>, cause: impl Into<String>) -> Self {
        Self::Failed { error: error.into(), cause: cause.into() }
    }

    /// The fixed failure in place of an output that can never fit: it holds nothing of the
    /// output, so that it always fits.
    pub fn output_too_large() -> Self {
        Self::failed(OUTPUT_TOO_LARGE, "the step succeeded; its output exceeds the service's limit")
    }

    /// The one outcome that may stand in for this one when the service refused it with `kind`:
    /// only for a success whose output was refused for its size or form.
    pub fn replacement(&self, kind: ErrorKind) -> Option<Self> {
        match (self, kind) {
            (Self::Succeeded(_), ErrorKind::InvalidReport(Flaw::OutputSize)) => {
                Some(Self::output_too_large())
            }
            (Self::Succeeded(_), ErrorKind::InvalidReport(Flaw::OutputForm)) => Some(Self::failed(
                OUTPUT_REFUSED,
                "the step succeeded; the service refused the form of its output",
            )),
            _ => None,
        }
    }

    /// The same outcome with texts of at most so many characters. Cut before it is decided, it is
    /// stored as it is told.
    pub(crate) fn cut(self, error_chars: usize, text_chars: usize) -> Self {
        let cut = |text: String, most| match text::cut(&text, most) {
            Cow::Borrowed(_) => text,
            Cow::Owned(short) => short,
        };
        match self {
            Self::Succeeded(output) => Self::Succeeded(output),
            Self::Failed { error, cause } => {
                Self::Failed { error: cut(error, error_chars), cause: cut(cause, text_chars) }
            }
            Self::Canceled { details } => Self::Canceled { details: cut(details, text_chars) },
            Self::Delegated { to } => Self::Delegated { to: cut(to, text_chars) },
        }
    }

    /// The name for people: `succeeded`, `failed`, `canceled`, `delegated`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Succeeded(_) => "succeeded",
            Self::Failed { .. } => "failed",
            Self::Canceled { .. } => "canceled",
            Self::Delegated { .. } => "delegated",
        }
    }

    /// The identity of this outcome, to make a write conditional on it.
    pub fn digest(&self) -> Digest {
        let mut hash = Sha256::new();
        let parts: [&str; 3] = match self {
            Self::Succeeded(output) => ["succeeded", output.json(), ""],
            Self::Failed { error, cause } => ["failed", error, cause],
            Self::Canceled { details } => ["canceled", details, ""],
            Self::Delegated { to } => ["delegated", to, ""],
        };
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Digest(hash.finalize().into())
    }
}

/// Names the outcome and never shows its text, which is the user's.
impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outcome({} {:?})", self.name(), self.digest())
    }
}

/// A step's output: JSON text as the step wrote it, never cut, scrubbed or re-encoded.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Output(Box<RawValue>);

impl Output {
    /// Any serialisable value.
    pub fn new(value: &impl Serialize) -> Result<Self, serde_json::Error> {
        serde_json::value::to_raw_value(value).map(Self)
    }

    /// JSON text that is already there.
    pub fn from_raw(raw: Box<RawValue>) -> Self {
        Self(raw)
    }

    /// The JSON text.
    pub fn json(&self) -> &str {
        self.0.get()
    }
}

impl PartialEq for Output {
    fn eq(&self, other: &Self) -> bool {
        self.json() == other.json()
    }
}

impl Eq for Output {}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Output({} bytes)", self.json().len())
    }
}

/// SHA-256 over an outcome's parts; `Debug` shows the first 8 of its hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// All 64 hex digits.
    pub fn hex(&self) -> String {
        hex(&self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0[..4]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(json: &str) -> Outcome {
        Outcome::Succeeded(Output::from_raw(RawValue::from_string(json.to_owned()).unwrap()))
    }

    #[test]
    fn only_a_refused_output_is_ever_replaced() {
        let size = ErrorKind::InvalidReport(Flaw::OutputSize);
        let replaced = output("1").replacement(size).unwrap();
        assert_eq!(replaced, Outcome::output_too_large());
        assert_eq!(replaced.replacement(size), None);
        for kind in [ErrorKind::Denied, ErrorKind::Unexpected, ErrorKind::InvalidReport(Flaw::Other)] {
            assert_eq!(output("1").replacement(kind), None);
        }
    }

    #[test]
    fn an_outcome_survives_storage_to_the_letter() {
        let stored = serde_json::to_string(&output(r#"{"n": 1.10000000000000000001}"#)).unwrap();
        let back: Outcome = serde_json::from_str(&stored).unwrap();
        assert_eq!(back, output(r#"{"n": 1.10000000000000000001}"#));
        assert_eq!(back.digest(), output(r#"{"n": 1.10000000000000000001}"#).digest());
    }

    #[test]
    fn digests_tell_the_parts_apart() {
        assert_ne!(Outcome::failed("a", "bc").digest(), Outcome::failed("ab", "c").digest());
    }

    #[test]
    fn debug_shows_nothing_of_the_text() {
        let shown = format!("{:?} {:?}", output("\"secret\""), Outcome::failed("E", "secret"));
        assert!(!shown.contains("secret"), "{shown}");
    }
}
