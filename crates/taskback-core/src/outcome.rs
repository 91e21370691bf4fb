use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::hex::hex;
use crate::report_error::{RejectedPart, ReportErrorKind};
use crate::text;

/// The end of a task, as it is reported to the workflow. Once decided it never changes, but for the one
/// [replacement](Self::replacement) of an output that the service refuses.
///
/// It is matched exhaustively in all crates, since a report of each must be thought of: a further outcome is a breaking
/// change.
///
/// ```
/// use taskback_core::{Outcome, Output};
///
/// let approved = Outcome::Succeeded(Output::new(&99)?);
/// let refused = Outcome::failed("TooExpensive", "more than 1000");
/// assert_eq!((approved.name(), refused.name()), ("succeeded", "failed"));
/// # Ok::<(), serde_json::Error>(())
/// ```
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
    /// Another party holds the token now and will report.
    DelegatedTo {
        /// The name of that party, such as an execution's. Never the token.
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
/// The error in place of an output that is not a JSON object, where the settings require one.
pub const OUTPUT_NOT_OBJECT: &str = "OutputNotObject";
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

    /// The fixed failure in place of an output that is not a JSON object, where one is required.
    pub fn output_not_object() -> Self {
        Self::failed(OUTPUT_NOT_OBJECT, "the step succeeded; its output is not a JSON object")
    }

    /// The one outcome that may stand in for this one when the service refused it with `kind`:
    /// only for a success whose output was refused for its size or form.
    pub fn replacement(&self, kind: ReportErrorKind) -> Option<Self> {
        match (self, kind) {
            (Self::Succeeded(_), ReportErrorKind::InvalidReport(RejectedPart::OutputSize)) => {
                Some(Self::output_too_large())
            }
            (Self::Succeeded(_), ReportErrorKind::InvalidReport(RejectedPart::OutputForm)) => {
                Some(Self::failed(
                    OUTPUT_REFUSED,
                    "the step succeeded; the service refused the form of its output",
                ))
            }
            _ => None,
        }
    }

    /// The same outcome with texts of at most so many characters. It is cut before it is decided, so that it is
    /// stored as it is reported.
    pub(crate) fn cut(self, error_chars: usize, text_chars: usize) -> Self {
        let cut = |text: String, max| match text::cut(&text, max) {
            Cow::Borrowed(_) => text,
            Cow::Owned(short) => short,
        };
        match self {
            Self::Succeeded(output) => Self::Succeeded(output),
            Self::Failed { error, cause } => {
                Self::Failed { error: cut(error, error_chars), cause: cut(cause, text_chars) }
            }
            Self::Canceled { details } => Self::Canceled { details: cut(details, text_chars) },
            Self::DelegatedTo { to } => Self::DelegatedTo { to: cut(to, text_chars) },
        }
    }

    /// The name for people: `succeeded`, `failed`, `canceled`, `delegated`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Succeeded(_) => "succeeded",
            Self::Failed { .. } => "failed",
            Self::Canceled { .. } => "canceled",
            Self::DelegatedTo { .. } => "delegated",
        }
    }

    /// The identity of this outcome, on which a write can be conditional.
    pub fn digest(&self) -> Digest {
        let mut hash = Sha256::new();
        let parts: [&str; 3] = match self {
            Self::Succeeded(output) => ["succeeded", output.json(), ""],
            Self::Failed { error, cause } => ["failed", error, cause],
            Self::Canceled { details } => ["canceled", details, ""],
            Self::DelegatedTo { to } => ["delegated", to, ""],
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

    /// Whether it is a JSON object.
    pub fn is_object(&self) -> bool {
        self.json().trim_ascii_start().starts_with('{')
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

/// SHA-256 over an outcome's parts, or over a token and its input; `Debug` shows the first 8 of its hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub(crate) [u8; 32]);

impl Digest {
    /// All 64 hex digits.
    pub fn hex(&self) -> String {
        hex(&self.0)
    }

    /// The digest of those 64 lower-case hex digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
        }
        Some(Self(bytes)).filter(|digest| digest.hex() == text)
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
    fn only_refused_output_is_replaced() {
        let size = ReportErrorKind::InvalidReport(RejectedPart::OutputSize);
        let replaced = output("1").replacement(size).unwrap();
        assert_eq!(replaced, Outcome::output_too_large());
        assert_eq!(replaced.replacement(size), None);
        for kind in [
            ReportErrorKind::Denied,
            ReportErrorKind::Unexpected,
            ReportErrorKind::InvalidReport(RejectedPart::Other),
        ] {
            assert_eq!(output("1").replacement(kind), None);
        }
    }

    #[test]
    fn outcome_survives_storage_exactly() {
        let stored = serde_json::to_string(&output(r#"{"n": 1.10000000000000000001}"#)).unwrap();
        let back: Outcome = serde_json::from_str(&stored).unwrap();
        assert_eq!(back, output(r#"{"n": 1.10000000000000000001}"#));
        assert_eq!(back.digest(), output(r#"{"n": 1.10000000000000000001}"#).digest());
    }

    #[test]
    fn digest_separates_parts() {
        assert_ne!(Outcome::failed("a", "bc").digest(), Outcome::failed("ab", "c").digest());
    }

    #[test]
    fn debug_shows_no_text() {
        let shown = format!("{:?} {:?}", output("\"secret\""), Outcome::failed("E", "secret"));
        assert!(!shown.contains("secret"), "{shown}");
    }
}
