use std::fmt;

/// A report without a receipt. The outcome stays decided: a refused report is no failure of the
/// step. `Display` holds neither the token nor what the service echoed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportError {
    /// What to do about it.
    pub kind: ErrorKind,
    /// Whether the service may have taken the report all the same.
    pub maybe_taken: bool,
    /// HTTP status, where there was a reply.
    pub status: Option<u16>,
    /// The service's code, where the reply had one.
    pub code: Option<String>,
    /// The service's text, cleaned and at most 300 characters.
    pub message: String,
    /// The service's id of the request.
    pub request_id: Option<String>,
}

impl fmt::Display for ReportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.kind)?;
        if let Some(status) = self.status {
            write!(f, ", HTTP {status}")?;
        }
        if let Some(code) = &self.code {
            write!(f, ", {code}")?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        if let Some(id) = &self.request_id {
            write!(f, " (request {id})")?;
        }
        Ok(())
    }
}

impl std::error::Error for ReportError {}

/// Each kind names an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Too many calls: wait, then try again.
    Throttled,
    /// No answer, or an answer that says nothing of the report: try again.
    Unavailable,
    /// Credentials or policy: mend them; the message is kept with a long delay.
    Denied,
    /// The service does not know the token: look at who sends it.
    InvalidToken,
    /// The service refuses the request's form or size.
    InvalidReport(Flaw),
    /// A code that no table knows: look at it, then extend the table.
    Unexpected,
}

/// What a service refuses in a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flaw {
    /// The output exceeds a limit.
    OutputSize,
    /// The output has a form that the service does not take.
    OutputForm,
    /// Something else of the request.
    Other,
}
