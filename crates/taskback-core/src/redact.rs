//! Foreign text for a log, an error or a cause: without a token, without characters that steer a
//! terminal, within a length.

use std::borrow::Cow;

use taskback_redact::scrub;

use crate::text;
use crate::token::TaskToken;

/// The text on one line: control characters, line ends among them, are escaped as in Rust, and a text longer than
/// `max_chars` is cut. For text that does not belong to a task; otherwise [`TaskToken::redact_line`].
pub fn printable(text: &str, max_chars: usize) -> String {
    text::cut(&escaped(text, false), max_chars).into_owned()
}

impl TaskToken {
    /// `text` without this token, whole or in part: as it is, percent-encoded, form-encoded and JSON-escaped, also
    /// several times over. Of a token of 24 bytes or more at most [`MAX_RUN`](crate::MAX_RUN) bytes in a row stay, wherever the text
    /// was cut and by whichever party; of a shorter one fewer than the half, or than 8 bytes.
    ///
    /// For text of our own on its way to a log or an error; an output of the user's is never scrubbed.
    pub fn scrub(&self, text: &str) -> String {
        scrub(text, self.expose(), || format!("[token {}]", self.fingerprint().short()))
    }

    /// Foreign text for a log or an error: [scrubbed](Self::scrub), then on one line and cut as [`printable`] does.
    pub fn redact_line(&self, text: &str, max_chars: usize) -> String {
        printable(&self.scrub(text), max_chars)
    }

    /// Text for people on its way to a service: as [`redact_line`](Self::redact_line), and its line ends and tabs
    /// stay. It is not cut: each service has its own limit.
    pub fn redact_text(&self, text: &str) -> String {
        escaped(&self.scrub(text), true).into_owned()
    }
}

/// Whether a character can steer a terminal, or the order in which a reader sees its neighbours.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn escaped(text: &str, keep_lines: bool) -> Cow<'_, str> {
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len() + 16);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' | '\t' if keep_lines => clean.push(c),
            '\r' if keep_lines && chars.peek() == Some(&'\n') => {}
            c if c.is_ascii() && steers(c) => clean.extend(c.escape_default()),
            c if steers(c) => clean.extend(c.escape_unicode()),
            c => clean.push(c),
        }
    }
    Cow::Owned(clean)
}

#[cfg(test)]
mod tests;
