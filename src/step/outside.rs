//! What steps that are not Rust have in common: what they are told, and how their bytes are read.

use serde_json::value::RawValue;
use taskback_core::{OUTPUT_TOO_LARGE, Output};

use crate::{StepEnd, StepError, Task};

/// The most bytes of an output: FnF's largest limit; SWF's is below it.
pub(super) const OUTPUT_BYTES: usize = 1 << 20;
/// The most bytes of a text for people: FnF takes so many characters of a cause.
pub(super) const CAUSE_BYTES: usize = 4096;

/// What is told of a task beside its input; never the token.
pub(super) struct About {
    pub(super) fingerprint: String,
    pub(super) service: &'static str,
    pub(super) attempt: Option<String>,
    pub(super) business_key: Option<String>,
    pub(super) activity_type: Option<String>,
}

impl About {
    pub(super) fn task<T>(task: &Task<T>) -> Self {
        // The message's author wrote these: they are hostile like an input, but must stay short.
        let clean = |text: String| Some(task.token().scrub(&text)).filter(|text| text.len() <= 4096);
        Self {
            fingerprint: task.fingerprint().hex(),
            service: task.service().name(),
            attempt: task.attempt().map(|count| count.to_string()),
            business_key: task.business_key().and_then(clean),
            activity_type: task.execution().activity_type.clone().and_then(clean),
        }
    }
}

/// A success: JSON as it was written, else the text without its last line end as a JSON string, and
/// `null` for nothing at all.
pub(super) fn succeeded(bytes: Vec<u8>) -> Result<StepEnd, StepError> {
    let Ok(text) = String::from_utf8(bytes) else {
        // Neither service takes other bytes, and a changed output is none.
        return Err(StepError::terminal("InvalidOutput", "the step succeeded; its output is not UTF-8"));
    };
    if let Ok(json) = serde_json::from_str::<Box<RawValue>>(&text) {
        return Ok(StepEnd::Succeeded(Output::from_raw(json)));
    }
    if text.trim().is_empty() {
        return StepEnd::succeeded(&());
    }
    let line = text.strip_suffix('\n').unwrap_or(&text);
    StepEnd::succeeded(&line.strip_suffix('\r').unwrap_or(line))
}

/// A success whose output nobody takes.
pub(super) fn too_large() -> StepError {
    let cause = format!("the step succeeded; its output has more than {OUTPUT_BYTES} bytes");
    StepError::terminal(OUTPUT_TOO_LARGE, cause)
}

/// A text for people out of bytes that may have been cut anywhere.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_matches(|c: char| c.is_whitespace() || c == '\u{fffd}').to_owned()
}
