//! The limits of a request. An error names the field and its limit, never a value.

use std::fmt;

/// The first error of a request: field and limit, never a value. Fix the sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidRequest(String);

impl InvalidRequest {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for InvalidRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidRequest {}

/// Checks a name by FnF's rule (official SDK).
pub(super) fn name(field: &str, text: &str) -> Result<(), InvalidRequest> {
    let mut bytes = text.bytes();
    let starts = bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    if starts && text.len() <= 128 && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
        return Ok(());
    }
    Err(InvalidRequest::new(format!(
        "{field} must have 1 to 128 letters, digits, underscores and hyphens, and start with a letter or underscore"
    )))
}

/// Refuses the names that are derived from task tokens and messages: behind any prefix `tb-` and 64 hexadecimal
/// digits, in either case. A step that finds its token's name taken takes the execution for its own and hands the
/// task over to it; started by another sender, that execution would never report.
pub(super) fn not_derived(field: &str, text: &str) -> Result<(), InvalidRequest> {
    let (rest, digits) = text.split_at_checked(text.len().saturating_sub(64)).unwrap_or_default();
    let is_hex = digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let tag = rest.get(rest.len().saturating_sub(3)..).unwrap_or_default();
    if !(is_hex && tag.eq_ignore_ascii_case("tb-")) {
        return Ok(());
    }
    Err(InvalidRequest::new(format!(
        "{field} must not end in tb- and 64 hexadecimal digits: such names are derived from task tokens and messages, \
         and a task whose name is taken would wait until its timeout"
    )))
}

pub(super) fn chars(field: &str, text: &str, max: usize) -> Result<(), InvalidRequest> {
    match text.chars().count() {
        count if (1..=max).contains(&count) => Ok(()),
        count => Err(InvalidRequest::new(format!("{field} has {count} characters, and may have 1 to {max}"))),
    }
}

pub(super) fn wait(seconds: u32) -> Result<u32, InvalidRequest> {
    if seconds <= 60 { Ok(seconds) } else { Err(InvalidRequest::new("waitSeconds may be 0 to 60")) }
}

/// The error of a body that serde cannot read. What serde quotes is shown only as a short plain word: an unknown
/// action or key may be anything, also a token.
pub(super) fn unreadable(error: &serde_json::Error) -> InvalidRequest {
    let text = error.to_string();
    InvalidRequest::new(match error.classify() {
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
        _ => return not_an_object(),
    })
}

pub(super) fn not_an_object() -> InvalidRequest {
    InvalidRequest::new("the body is not a JSON object")
}

/// The word that serde quotes, up to the closing quote, where it is harmless.
fn word(quoted: &str) -> String {
    match quoted.split_once("`, ").map(|(word, _)| word).filter(|word| is_plain(word)) {
        Some(word) => format!("`{word}`"),
        None => "of another name".into(),
    }
}

/// Returns whether a text of another party is a short name, such as an error's code, that can hold nothing else.
pub(super) fn is_plain(text: &str) -> bool {
    (1..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
}
