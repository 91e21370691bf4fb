use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::OnceLock;

use sha2::{Digest, Sha256};

use crate::hex::hex;
use crate::service::Service;

/// The opaque secret that names a waiting task: with it the task can be ended.
///
/// It has no `Display` and no `Serialize`, and its `Debug` shows only the start of its
/// fingerprint. [`expose`](Self::expose) is the one way to its text; call it where a request to
/// the service is built and nowhere else.
///
/// ```
/// use taskback_core::{Service, TaskToken};
///
/// let token = TaskToken::new(Service::Swf, "the-token")?;
/// assert!(!format!("{token:?}").contains("the-token"));
/// assert_eq!(token.expose(), "the-token");
/// # Ok::<(), taskback_core::TokenError>(())
/// ```
#[derive(Clone)]
pub struct TaskToken {
    service: Service,
    text: String,
    /// A token is hashed once, which is most of the work of a small task.
    hashed: OnceLock<Hashed>,
}

#[derive(Clone)]
struct Hashed {
    /// After service and token.
    state: Sha256,
    fingerprint: Fingerprint,
}

impl TaskToken {
    /// Checks the length and nothing else, since a token is opaque: 1 to
    /// [`max_token_chars`](crate::ServiceSpec::max_token_chars) characters.
    pub fn new(service: Service, text: impl Into<String>) -> Result<Self, TokenError> {
        let text = text.into();
        let max = service.spec().max_token_chars;
        let chars = text.chars().count();
        if chars == 0 || chars > max {
            return Err(TokenError { service, chars, max });
        }
        Ok(Self { service, text, hashed: OnceLock::new() })
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
        self.hashed().fingerprint
    }

    /// A hash over service and token. A digest that continues it cannot be guessed without the token.
    pub(crate) fn keyed_hash(&self) -> Sha256 {
        self.hashed().state.clone()
    }

    fn hashed(&self) -> &Hashed {
        self.hashed.get_or_init(|| {
            let mut state = Sha256::new();
            state.update(self.service.name());
            state.update(b":");
            state.update(&self.text);
            let fingerprint = Fingerprint(state.clone().finalize().into());
            Hashed { state, fingerprint }
        })
    }
}

impl PartialEq for TaskToken {
    fn eq(&self, other: &Self) -> bool {
        (self.service, &self.text) == (other.service, &other.text)
    }
}

impl Eq for TaskToken {}

impl Hash for TaskToken {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.service, &self.text).hash(state);
    }
}

impl fmt::Debug for TaskToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TaskToken({} {:?})", self.service, self.fingerprint())
    }
}

/// SHA-256 of service and token (the service's name, `:`, then the token): the public name of a task.
///
/// `Display` gives all 64 hex digits, for keys, names and URLs. [`short`](Self::short) and `Debug` give the first 8, for
/// people and logs: among 70,000 tasks two may have the same 8.
///
/// ```
/// use taskback_core::{Service, TaskToken};
///
/// let fingerprint = TaskToken::new(Service::Swf, "a-task-token")?.fingerprint();
/// assert_eq!(fingerprint.to_string().len(), 64);
/// assert!(fingerprint.to_string().starts_with(&fingerprint.short()));
/// # Ok::<(), taskback_core::TokenError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// All 64 hex digits, as `Display` gives them.
    pub fn hex(&self) -> String {
        hex(&self.0)
    }

    /// The fingerprint of those 64 lower-case hex digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        crate::Digest::from_hex(text).map(|digest| Self(digest.0))
    }

    /// The first 8 hex digits, for people and logs. Not a key.
    pub fn short(&self) -> String {
        hex(&self.0[..4])
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.short())
    }
}

/// A token that is empty or longer than its service allows. The message never holds the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenError {
    service: Service,
    chars: usize,
    max: usize,
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { service, chars, max } = self;
        write!(f, "taskToken has {chars} characters; {service} allows 1 to {max}")
    }
}

impl std::error::Error for TokenError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> TaskToken {
        TaskToken::new(Service::Fnf, text).unwrap()
    }

    #[test]
    fn debug_shows_only_fingerprint_start() {
        let shown = format!("{:?}", token("a+very/secret=token"));
        assert!(!shown.contains("secret"), "{shown}");
        assert!(shown.contains(&token("a+very/secret=token").fingerprint().short()));
    }

    #[test]
    fn fingerprint_depends_on_service() {
        let swf = TaskToken::new(Service::Swf, "same").unwrap();
        assert_ne!(token("same").fingerprint(), swf.fingerprint());
    }

    #[test]
    fn length_is_checked_per_service() {
        assert!(TaskToken::new(Service::Swf, "é".repeat(1024)).is_ok());
        assert!(TaskToken::new(Service::Fnf, "x".repeat(4096)).is_ok());
        let error = TaskToken::new(Service::Swf, "x".repeat(1025)).unwrap_err();
        assert_eq!(error.to_string(), "taskToken has 1025 characters; swf allows 1 to 1024");
        assert!(TaskToken::new(Service::Fnf, "").is_err());
    }
}
