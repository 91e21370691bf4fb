use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use crate::settings::SettingsError;

/// The reason for which a handler cannot start or go on. Its text says what to fix and holds no secret.
///
/// ```
/// use taskback::{ErrorKind, Taskback};
///
/// let error = Taskback::builder().build().unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Usage);
/// assert_eq!(error.to_string(), "a step must be added");
/// ```
#[derive(Clone)]
pub struct Error {
    kind: ErrorKind,
    text: String,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// The action that an [`Error`] calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A setting is missing or wrong, or the environment lacks what it needs. Correct what the text names.
    Settings,
    /// The program calls taskback in a way in which it cannot work. Correct the program.
    Usage,
    /// The program was built without a feature that it needs. Build it with that feature.
    MissingFeature,
    /// A queue, a table, a secret, a task list or the step's program cannot be used. Correct its name or the
    /// permissions.
    Unusable,
    /// The host or the operating system failed. Start the process again, as its host does by itself.
    Host,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), source: None }
    }

    pub(crate) fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// Returns what to do.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// As `Display`, since `main` prints a returned error in this form.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Errors of one kind with equal texts are equal, whatever their source.
impl PartialEq for Error {
    fn eq(&self, other: &Self) -> bool {
        (self.kind, &self.text) == (other.kind, &other.text)
    }
}

impl Eq for Error {}

/// The source is the error below, where there is one: a [`SettingsError`], an [`io::Error`](std::io::Error), a
/// [`LedgerError`](crate::ledger::LedgerError).
impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

impl From<SettingsError> for Error {
    fn from(error: SettingsError) -> Self {
        Self::new(ErrorKind::Settings, error.to_string()).with_source(error)
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::new(ErrorKind::Host, error.to_string()).with_source(error)
    }
}
