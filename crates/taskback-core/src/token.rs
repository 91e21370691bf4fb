use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};

use crate::Service;

/// The opaque secret that names a waiting task: whoever holds it can end the task.
///
/// It has no `Display` and no `Serialize`, and its `Debug` shows only the start of its
/// fingerprint. [`expose`](Self::expose) is the one way to its text; call it where a request to
/// the service is built and nowhere else.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TaskToken {
    service: Service,
    text: String,
}

impl TaskToken {
    /// Checks the length and nothing else, for a token is opaque: 1 to 1024 characters for SWF
    /// (the service's own model), 1 to 4096 for FnF (which documents no limit; its tokens are
    /// seen up to 1024).
    pub fn new(service: Service, text: impl Into<String>) -> Result<Self, TokenError> {
        let text = text.into();
        let most = Self::most_chars(service);
        let chars = text.chars().count();
        if chars == 0 || chars > most {
            return Err(TokenError { service, chars, most });
        }
        Ok(Self { service, text })
    }

    /// The most characters that a token of this service may have.
    pub const fn most_chars(service: Service) -> usize {
        match service {
            Service::Fnf => 4096,
            Service::Swf => 1024,
        }
    }

    /// The service that gave the token out.
    pub fn service(&self) -> Service {
        self.service
    }

    /// The secret itself, for the request to the service.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// The name under which the task may be stored, compared and logged.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut hash = Sha256::new();
        hash.update(self.service.name());
        hash.update(b":");
        hash.update(&self.text);
        Fingerprint(hash.finalize().into())
    }

    /// `text` without this token: as it is, percent-encoded (either case of the hex digits) and
    /// JSON-escaped. For text of our own on its way to a log or an error; an output of the
    /// user's is never scrubbed.
    pub fn scrub(&self, text: &str) -> String {
        let mark = format!("[token {}]", self.fingerprint());
        let encoded = utf8_percent_encode(&self.text, UNRESERVED).to_string();
        let lower = lower_hex(&encoded);
        let escaped = serde_json::Value::from(self.text.as_str()).to_string();
        let escaped = &escaped[1..escaped.len() - 1];
        // Some writers escape the slash as well.
        let slashed = escaped.replace('/', "\\/");
        let ascii = ascii_only(escaped);
        // As some writers leave the slash of a path.
        let paths = [&encoded, &lower].map(|form| form.replace("%2F", "/").replace("%2f", "/"));
        let [path, lower_path] = &paths;
        let forms = [&self.text, &encoded, &lower, path, lower_path, escaped, &slashed, &ascii];

        // In one pass: what was put in is not searched again, for a short token could be found in it.
        let mut clean = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            let found = forms.iter().filter(|form| rest.starts_with(**form)).map(|form| form.len()).max();
            clean.push_str(if found.is_some() { &mark } else { &rest[..next.len_utf8()] });
            rest = &rest[found.unwrap_or(next.len_utf8())..];
        }
        clean
    }
}

impl fmt::Debug for TaskToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TaskToken({} {})", self.service, self.fingerprint())
    }
}

/// SHA-256 of service and token (`fnf:` or `swf:`, then the token): the public name of a task.
///
/// [`hex`](Self::hex) gives all 64 digits, for keys, names and URLs; `Display` and `Debug` show
/// the first 8, for people and logs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// All 64 hex digits.
    pub fn hex(&self) -> String {
        hex(&self.0)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0[..4]))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A token that is empty or longer than its service allows. The message never holds the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenError {
    service: Service,
    chars: usize,
    most: usize,
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { service, chars, most } = self;
        write!(f, "taskToken has {chars} characters; {service} allows 1 to {most}")
    }
}

impl std::error::Error for TokenError {}

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// As writers do that keep JSON to ASCII.
fn ascii_only(escaped: &str) -> String {
    let mut text = String::with_capacity(escaped.len());
    for c in escaped.chars() {
        match c {
            ..='\x7f' => text.push(c),
            _ => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| text.push_str(&format!("\\u{unit:04x}"))),
        }
    }
    text
}

fn lower_hex(encoded: &str) -> String {
    let mut left = 0;
    let lower = |c: char| {
        left = if c == '%' {
            2
        } else if left > 0 {
            left - 1
        } else {
            return c;
        };
        c.to_ascii_lowercase()
    };
    encoded.chars().map(lower).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> TaskToken {
        TaskToken::new(Service::Fnf, text).unwrap()
    }

    #[test]
    fn a_token_shows_only_the_start_of_its_fingerprint() {
        let shown = format!("{:?}", token("a+very/secret=token"));
        assert!(!shown.contains("secret"), "{shown}");
        assert!(shown.contains(&token("a+very/secret=token").fingerprint().to_string()));
    }

    #[test]
    fn the_same_text_is_another_task_at_another_service() {
        let swf = TaskToken::new(Service::Swf, "same").unwrap();
        assert_ne!(token("same").fingerprint(), swf.fingerprint());
    }

    #[test]
    fn length_is_checked_for_each_service_and_named_in_the_error() {
        assert!(TaskToken::new(Service::Swf, "é".repeat(1024)).is_ok());
        assert!(TaskToken::new(Service::Fnf, "x".repeat(4096)).is_ok());
        let error = TaskToken::new(Service::Swf, "x".repeat(1025)).unwrap_err();
        assert_eq!(error.to_string(), "taskToken has 1025 characters; swf allows 1 to 1024");
        assert!(TaskToken::new(Service::Fnf, "").is_err());
    }

    #[test]
    fn scrub_finds_the_token_in_every_spelling() {
        let token = token("v1#a\"b+c/d==é");
        let spellings = [
            token.expose().to_owned(),
            "v1%23a%22b%2Bc%2Fd%3D%3D%C3%A9".to_owned(),
            "v1%23a%22b%2bc%2fd%3d%3d%c3%a9".to_owned(),
            "v1%23a%22b%2Bc/d%3D%3D%C3%A9".to_owned(),
            "v1#a\\\"b+c/d==é".to_owned(),
            "v1#a\\\"b+c\\/d==é".to_owned(),
            "v1#a\\\"b+c/d==\\u00e9".to_owned(),
        ];
        for text in spellings {
            let clean = token.scrub(&format!("before {text} after"));
            assert_eq!(clean, format!("before [token {}] after", token.fingerprint()));
        }
        assert_eq!(token.scrub("nothing to hide"), "nothing to hide");
    }

    #[test]
    fn a_short_token_does_not_eat_its_own_mark() {
        for text in ["e", "%", "é", "[", "0"] {
            let token = token(text);
            let mark = format!("[token {}]", token.fingerprint());
            assert_eq!(token.scrub(&text.repeat(3)), mark.repeat(3), "{text}");
        }
    }
}
