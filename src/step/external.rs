//! The common part of steps outside of this process: the metadata they get, and how their bytes are read.

use serde_json::value::RawValue;
use taskback_core::{Fingerprint, OUTPUT_TOO_LARGE, Output, swf};

use super::contract::{StepError, StepOutput};
use super::task::Task;

/// The maximum of bytes of an output: FnF's largest limit; SWF's is below it.
pub(super) const OUTPUT_BYTES: usize = 1 << 20;
/// The maximum of bytes of a text for people: FnF's limit of a cause, in characters.
pub(super) const CAUSE_BYTES: usize = 4096;

/// The facts of a task beside its input; never the token.
pub(super) struct TaskMetadata {
    pub(super) fingerprint: String,
    pub(super) service: &'static str,
    pub(super) attempt: Option<String>,
    pub(super) business_key: Option<String>,
    pub(super) activity_type: Option<String>,
}

impl TaskMetadata {
    pub(super) fn from_task<T>(task: &Task<T>) -> Self {
        // The message's author wrote these: they are hostile like an input, but must stay short.
        let clean = |text: String| Some(task.token().scrub(&text)).filter(|text| text.len() <= 4096);
        Self {
            fingerprint: task.fingerprint().hex(),
            service: task.service().name(),
            attempt: task.attempt().map(|count| count.to_string()),
            business_key: task.business_key().and_then(clean),
            activity_type: task.execution().text(swf::ACTIVITY_TYPE).map(str::to_owned).and_then(clean),
        }
    }
}

/// The text of a step that succeeded.
pub(super) enum Written {
    /// JSON as it was written.
    Json(Box<RawValue>),
    /// White space at most.
    Nothing,
    /// Any other text.
    Text(String),
    /// Other bytes, with their text as far as it can be read.
    NotUtf8(String),
}

impl Written {
    pub(super) fn read(bytes: Vec<u8>) -> Self {
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => return Self::NotUtf8(String::from_utf8_lossy(error.as_bytes()).into_owned()),
        };
        match serde_json::from_str(&text) {
            Ok(json) => Self::Json(json),
            Err(_) if text.trim().is_empty() => Self::Nothing,
            Err(_) => Self::Text(text),
        }
    }

    /// The output: JSON as it is, a text without its last line end as a JSON string, `null` for nothing.
    pub(super) fn into_output(self, task: Fingerprint) -> Result<StepOutput, StepError> {
        let text = match self {
            Self::Json(json) => return Ok(StepOutput::Succeeded(Output::from_raw(json))),
            Self::Nothing => return StepOutput::succeeded(&()),
            Self::Text(text) => text,
            // No service takes other bytes, and changed they are another output.
            Self::NotUtf8(_) => {
                let cause = "the step succeeded; its output is not UTF-8";
                return Err(StepError::terminal("InvalidOutput", cause));
            }
        };
        if resembles_json(&text) {
            tracing::warn!(
                event = "step.output_not_json", task = %task.short(), bytes = text.len(),
                "output resembles JSON, does not parse, and is reported as a JSON string"
            );
        }
        let line = text.strip_suffix('\n').unwrap_or(&text);
        StepOutput::succeeded(&line.strip_suffix('\r').unwrap_or(line))
    }
}

/// Returns whether a text that is not JSON was probably meant to be: it or one of its lines begins like JSON, it ends
/// with a whole object or array, or it is a literal of another language.
pub(super) fn resembles_json(text: &str) -> bool {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let literal = matches!(text, "NaN" | "Infinity" | "-Infinity" | "True" | "False" | "None" | "undefined");
    let begins = || text.lines().any(|line| line.starts_with(['{', '[']));
    let ends = || {
        let tail = text.find(['{', '[']).map(|start| &text[start..]);
        tail.is_some_and(|tail| serde_json::from_str::<&RawValue>(tail).is_ok())
    };
    literal || text.starts_with('"') || begins() || ends()
}

/// A success whose output exceeds every service's limit.
pub(super) fn too_large() -> StepError {
    let cause = format!("the step succeeded; its output has more than {OUTPUT_BYTES} bytes");
    StepError::terminal(OUTPUT_TOO_LARGE, cause)
}

/// A text for people out of bytes that may have been cut anywhere.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_matches(|c: char| c.is_whitespace() || c == '\u{fffd}').to_owned()
}
