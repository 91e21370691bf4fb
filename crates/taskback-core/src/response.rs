use std::fmt;

use crate::report_error::ReportErrorKind;

/// The answer to one attempt to report, before it is [judged](crate::judge_response).
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServiceResponse {
    /// The service's own success reply.
    Accepted {
        /// The service's id of the request.
        request_id: Option<String>,
    },
    /// Any other HTTP reply, including a success status that is not the service's own.
    Refused {
        /// HTTP status.
        status: u16,
        /// The service's error code, where the reply had one.
        code: Option<String>,
        /// The service's text. It may echo the request: [`judge_response`](crate::judge_response) cleans it.
        message: String,
        /// The service's id of the request.
        request_id: Option<String>,
    },
    /// Nothing was sent, and sending would not have helped: no credentials, or a request that breaks
    /// a limit.
    NotSent {
        /// The action that it calls for.
        kind: ReportErrorKind,
        /// The thing that is missing, without the request's text.
        reason: String,
    },
    /// No reply.
    NoResponse {
        /// False only where certainly nothing of the request reached the service, as when the
        /// connection was refused.
        sent: bool,
        /// A description of what was seen instead, without the request's text.
        reason: String,
    },
}

/// Shows the code of an error, where it has the form of one, and nothing else that the service wrote.
impl fmt::Debug for ServiceResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted { .. } => f.write_str("Accepted"),
            Self::Refused { status, code, .. } => {
                let code = match code.as_deref() {
                    Some(code) if is_plain(code) => code,
                    Some(_) => "with an unusual code",
                    None => "without a code",
                };
                write!(f, "Refused({status} {code})")
            }
            Self::NotSent { kind, .. } => write!(f, "NotSent({kind:?})"),
            Self::NoResponse { sent, .. } => write!(f, "NoResponse(sent: {sent})"),
        }
    }
}

/// The meaning of an error code for the report that it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Closed,
    Error(ReportErrorKind),
}

/// Whether a text has the form of an error code, so that it cannot quote the request.
fn is_plain(code: &str) -> bool {
    code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}
