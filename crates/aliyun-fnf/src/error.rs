use std::fmt;

/// Why a call did not succeed. It never holds a token, a key, a signature or a URL.
#[derive(Clone)]
pub struct Error(Box<Details>);

/// What the caller should do about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The client cannot be built so. Correct the setting that the message names.
    Settings,
    /// The request breaks a limit and was not sent. Correct the field that the message names.
    InvalidRequest,
    /// No credentials were found. Supply some; the message says which sources were asked.
    Credentials,
    /// The client's limiter has no slot before the deadline; nothing was sent. Try again later.
    NoSlot,
    /// No connection, or the deadline came first: the service certainly did not get the request.
    /// Try again.
    Unreached,
    /// The request went out and no whole answer came. Try again, knowing that the service may
    /// already have acted on it.
    NoAnswer,
    /// Too many requests for the account's bucket (429, `ResourceThrottled`). Wait and try again.
    Throttled,
    /// The service failed (5xx, `InternalServerError`). Try again; it may already have acted.
    Unavailable,
    /// The service is not ready for this (`TaskInvalidState`, `ConcurrentUpdateError`). Try again
    /// soon.
    Conflict,
    /// The task or execution has ended already (`TaskAlreadyCompleted`,
    /// `ExecutionAlreadyCompleted`); by whom and how is not said. Do not try again.
    Completed,
    /// The name is taken (`ExecutionAlreadyExists`, `FlowAlreadyExists`). Use another, or look at
    /// what has it.
    AlreadyExists,
    /// There is no such thing (`FlowNotExists`, `ExecutionNotExists`). Correct the name.
    NotFound,
    /// `AccessDenied`, `InvalidAccessKeyID`, `SignatureNotMatch`; provider credentials were
    /// already refreshed once. Correct credentials or policy.
    Denied,
    /// `RequestTimeTooSkewed`, also after one correction by the service's clock. Set the clock.
    Skewed,
    /// `EntityTooLarge`, or a body over the service's limit, which is not sent: the payload can never
    /// be taken as it is. Send a smaller one.
    TooLarge,
    /// The service refuses the request as it is (`InvalidArgument` and its like). Correct it.
    Refused,
    /// An answer that is not the service's own, or a code that is not known here. Look at it; do
    /// not try again in a hurry.
    Unexpected,
}

#[derive(Clone, Debug)]
struct Details {
    kind: ErrorKind,
    operation: Option<&'static str>,
    status: Option<u16>,
    code: Option<String>,
    message: String,
    request_id: Option<String>,
    may_have_been_sent: bool,
}

impl Error {
    /// What to do about it.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The API operation, such as `StartExecution`; absent where a client could not be built.
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// The HTTP status, if an answer began.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The service's error code, such as `TaskAlreadyCompleted`.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The service's message without the request's secrets, or our own text; at most 1024
    /// characters.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The id that the service's support asks for.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// Whether the request may have reached the service; so it has where a status is known.
    /// `false` is certain: it did not.
    pub fn may_have_been_sent(&self) -> bool {
        self.0.may_have_been_sent
    }

    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Details {
            kind,
            operation: None,
            status: None,
            code: None,
            message: message.into(),
            request_id: None,
            may_have_been_sent: false,
        }))
    }

    pub(crate) fn invalid(field: &'static str, problem: impl fmt::Display) -> Self {
        Self::new(ErrorKind::InvalidRequest, format!("{field} {problem}"))
    }

    pub(crate) fn of(mut self, operation: &'static str) -> Self {
        self.0.operation = Some(operation);
        self
    }

    pub(crate) fn sent(mut self) -> Self {
        self.0.may_have_been_sent = true;
        self
    }

    pub(crate) fn answered(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self.sent()
    }

    pub(crate) fn coded(mut self, code: Option<String>, request_id: Option<String>) -> Self {
        self.0.code = code;
        self.0.request_id = request_id;
        self
    }
}

impl ErrorKind {
    /// The kind of an answer that is no success.
    pub(crate) fn of_answer(status: u16, code: Option<&str>) -> Self {
        match code {
            Some("ResourceThrottled") => Self::Throttled,
            Some("InternalServerError") => Self::Unavailable,
            Some("TaskInvalidState" | "ConcurrentUpdateError") => Self::Conflict,
            Some("TaskAlreadyCompleted" | "ExecutionAlreadyCompleted") => Self::Completed,
            Some("ExecutionAlreadyExists" | "FlowAlreadyExists") => Self::AlreadyExists,
            Some("FlowNotExists" | "ExecutionNotExists") => Self::NotFound,
            Some("AccessDenied" | "InvalidAccessKeyID" | "SignatureNotMatch") => Self::Denied,
            Some("RequestTimeTooSkewed") => Self::Skewed,
            Some("EntityTooLarge") => Self::TooLarge,
            Some(
                "InvalidArgument"
                | "MissingRequiredHeader"
                | "MissingRequiredParams"
                | "ActionNotSupported"
                | "APIVersionNotSupported"
                | "UnsupportedMediaType",
            ) => Self::Refused,
            _ => match status {
                429 => Self::Throttled,
                500.. => Self::Unavailable,
                _ => Self::Unexpected,
            },
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Details { operation, status, code, message, request_id, .. } = &*self.0;
        if let Some(operation) = operation {
            write!(f, "{operation}: ")?;
        }
        if let Some(status) = status {
            write!(f, "{status} ")?;
        }
        if let Some(code) = code {
            write!(f, "{code}: ")?;
        }
        f.write_str(message)?;
        if let Some(request_id) = request_id {
            write!(f, " (request id {request_id})")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_code_decides_and_then_the_status() {
        let cases = [
            (429, Some("ResourceThrottled"), ErrorKind::Throttled),
            (429, None, ErrorKind::Throttled),
            (500, Some("InternalServerError"), ErrorKind::Unavailable),
            (502, None, ErrorKind::Unavailable),
            (409, Some("TaskInvalidState"), ErrorKind::Conflict),
            (409, Some("ConcurrentUpdateError"), ErrorKind::Conflict),
            (400, Some("TaskAlreadyCompleted"), ErrorKind::Completed),
            (400, Some("ExecutionAlreadyCompleted"), ErrorKind::Completed),
            (400, Some("ExecutionAlreadyExists"), ErrorKind::AlreadyExists),
            (404, Some("FlowNotExists"), ErrorKind::NotFound),
            (404, Some("ExecutionNotExists"), ErrorKind::NotFound),
            (403, Some("RequestTimeTooSkewed"), ErrorKind::Skewed),
            (403, Some("AccessDenied"), ErrorKind::Denied),
            (403, Some("InvalidAccessKeyID"), ErrorKind::Denied),
            (403, Some("SignatureNotMatch"), ErrorKind::Denied),
            (400, Some("EntityTooLarge"), ErrorKind::TooLarge),
            (400, Some("InvalidArgument"), ErrorKind::Refused),
            (400, Some("MissingRequiredHeader"), ErrorKind::Refused),
            (400, Some("MissingRequiredParams"), ErrorKind::Refused),
            (400, Some("ActionNotSupported"), ErrorKind::Refused),
            (400, Some("APIVersionNotSupported"), ErrorKind::Refused),
            (415, Some("UnsupportedMediaType"), ErrorKind::Refused),
            (400, Some("SomethingNew"), ErrorKind::Unexpected),
            (403, None, ErrorKind::Unexpected),
            (302, None, ErrorKind::Unexpected),
        ];
        for (status, code, kind) in cases {
            assert_eq!(ErrorKind::of_answer(status, code), kind, "{status} {code:?}");
        }
    }
}
