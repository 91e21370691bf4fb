use std::fmt;

/// A report without a receipt. The outcome stays decided: a refused report is not a failure of the
/// step. `Display` holds neither the token nor text that the service echoed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportError {
    /// The action that it calls for.
    pub kind: ReportErrorKind,
    /// Whether the service may have accepted the report nevertheless.
    pub may_have_been_accepted: bool,
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

/// A kind of error, which names an action. Closed on purpose: every caller handles every kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReportErrorKind {
    /// Too many calls: back off, then retry.
    Throttled,
    /// No answer, or an answer that says nothing about the report: retry.
    Unavailable,
    /// Credentials or policy: correct them; the message is redelivered after a long delay.
    Denied,
    /// The service does not know the token: check its sender.
    InvalidToken,
    /// The service refuses the request's form or size.
    InvalidReport(RejectedPart),
    /// A code that no table has: check it, then extend the table.
    Unexpected,
}

/// The part of a report that a service refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RejectedPart {
    /// The output exceeds a limit.
    OutputSize,
    /// The output has a form that the service does not accept.
    OutputForm,
    /// Another part of the request.
    Other,
}
