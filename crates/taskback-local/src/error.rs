use std::fmt;

/// An error of [`SharedState`](crate::SharedState) or `/_local`. The message names the field and its limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminError {
    kind: AdminErrorKind,
    message: String,
}

/// The kinds of an [`AdminError`], each with its own fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AdminErrorKind {
    /// A field has an invalid value: correct the named field.
    Invalid,
    /// No task has this fingerprint: open the task first.
    NotFound,
    /// The task is already open or closed: use another token, or set `reopen` for a closed task.
    Conflict,
}

impl AdminError {
    /// The kind of the error, by which a caller decides what to do.
    pub fn kind(&self) -> AdminErrorKind {
        self.kind
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self { kind: AdminErrorKind::Invalid, message: message.into() }
    }

    pub(crate) fn not_found() -> Self {
        let message = "fingerprint: unknown, expected that of a task opened here".to_owned();
        Self { kind: AdminErrorKind::NotFound, message }
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self { kind: AdminErrorKind::Conflict, message: message.into() }
    }
}

impl fmt::Display for AdminError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for AdminError {}
