//! What a request must be. A fault names the field and its limit, never a value.

use super::request::Invalid;

/// FnF's rule for names (official SDK).
pub(super) fn name(field: &str, text: &str) -> Result<(), Invalid> {
    let mut bytes = text.bytes();
    let starts = bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    if starts && text.len() <= 128 && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
        return Ok(());
    }
    Err(Invalid::new(format!(
        "{field} must have 1 to 128 letters, digits, underscores and hyphens, and start with a letter or underscore"
    )))
}

pub(super) fn chars(field: &str, text: &str, most: usize) -> Result<(), Invalid> {
    match text.chars().count() {
        count if (1..=most).contains(&count) => Ok(()),
        count => Err(Invalid::new(format!("{field} has {count} characters, and may have 1 to {most}"))),
    }
}

pub(super) fn wait(seconds: u32) -> Result<u32, Invalid> {
    if seconds <= 60 { Ok(seconds) } else { Err(Invalid::new("waitSeconds may be 0 to 60")) }
}

/// serde names field and place. What it would quote of the sender's is shown only as a short plain
/// word: an unknown action or key may be anything, also a token.
pub(super) fn unreadable(error: &serde_json::Error) -> Invalid {
    let text = error.to_string();
    Invalid::new(match error.classify() {
        serde_json::error::Category::Data => {
            if text.starts_with("missing field ") || text.starts_with("duplicate field ") {
                text
            } else if let Some(quoted) = text.strip_prefix("unknown variant `") {
                format!("unknown variant {}: action is start or stop", word(quoted))
            } else if let Some(quoted) = text.strip_prefix("unknown field `") {
                format!("unknown field {}", word(quoted))
            } else {
                "a field has the wrong type: action, flowName, executionName, qualifier, callbackFnFTaskToken, error \
                 and cause are texts, input is an object, waitSeconds a number"
                    .into()
            }
        }
        _ => "the body is not a JSON object".into(),
    })
}

/// What serde quotes, up to the closing quote, where it is harmless.
fn word(quoted: &str) -> String {
    match quoted.split_once("`, ").map(|(word, _)| word).filter(|word| is_plain(word)) {
        Some(word) => format!("`{word}`"),
        None => "of another name".into(),
    }
}

/// Whether a text from elsewhere is a short name, such as an error's code, that can hold nothing else.
pub(super) fn is_plain(text: &str) -> bool {
    (1..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
}
