//! The names of a token in messages.

/// The names under which a message may carry its token.
pub const TOKEN_KEYS: [&str; 3] = ["taskToken", "task_token", "TaskToken"];

/// The names of a token in messages for one service: [`TOKEN_KEYS`] and the service's own. By default those of no
/// service.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TokenKeys(&'static [&'static str]);

impl TokenKeys {
    /// [`TOKEN_KEYS`] and these names.
    pub(crate) const fn with(own: &'static [&'static str]) -> Self {
        Self(own)
    }

    /// The name of exactly this spelling.
    pub(crate) fn exact(self, name: &str) -> Option<&'static str> {
        self.all().find(|key| *key == name)
    }

    /// Whether it is one of the names, in any case.
    pub(crate) fn contains(self, name: &str) -> bool {
        self.all().any(|key| key.eq_ignore_ascii_case(name))
    }

    fn all(self) -> impl Iterator<Item = &'static str> {
        TOKEN_KEYS.into_iter().chain(self.0.iter().copied())
    }
}
