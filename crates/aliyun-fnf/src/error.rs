use std::fmt;

/// A failed call. It never contains a token, key, signature or URL.
#[derive(Clone)]
pub struct Error(Box<Details>);

/// The cause of an [`Error`], which decides what the caller should do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// A setting of the client is invalid. Correct the setting that the message names.
    Settings,
    /// The request exceeds a limit and was not sent. Correct the field that the message names.
    InvalidRequest,
    /// No credentials were found. Supply some; the message lists the sources that were tried.
    Credentials,
    /// The client's limiter has no permit before the deadline; nothing was sent. Retry later.
    NoPermit,
    /// No connection, or the deadline passed before: the service certainly did not receive the request. Retry.
    NotSent,
    /// The request was sent, and no complete response of the service arrived. A response without the service's
    /// `RequestId` comes from another party. Retry; the service may already have performed the request.
    NoResponse,
    /// The account's request quota is exceeded (429, `ResourceThrottled`). Back off and retry.
    Throttled,
    /// The service failed (5xx, `InternalServerError`). Retry; it may already have performed the request.
    Unavailable,
    /// The service is not ready for the request (`TaskInvalidState`, `ConcurrentUpdateError`). Retry soon.
    Conflict,
    /// The task or execution has ended already (`TaskAlreadyCompleted`,
    /// `ExecutionAlreadyCompleted`); the service does not say how. Do not retry.
    Completed,
    /// The name is in use (`ExecutionAlreadyExists`, `FlowAlreadyExists`). Use another name, or describe the existing one.
    AlreadyExists,
    /// The flow or execution does not exist (`FlowNotExists`, `ExecutionNotExists`). Correct the name.
    NotFound,
    /// Access was denied (`AccessDenied`, `InvalidAccessKeyID`, `SignatureNotMatch`); credentials of a provider were
    /// already refreshed once. Correct the credentials or the policy.
    Denied,
    /// The clock is wrong (`RequestTimeTooSkewed`), even after one correction by the service's clock. Set the clock.
    Skewed,
    /// The payload is too large (`EntityTooLarge`), or exceeds the service's limit and was not sent. Send a smaller one.
    TooLarge,
    /// The service rejects the request (`InvalidArgument` and similar). Correct it.
    Refused,
    /// An unknown code, or pages without an end. Investigate; retry only with a long delay.
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
    /// The kind, which decides what to do.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The API operation, such as `StartExecution`; absent if the client could not be built.
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// The HTTP status, if a response began.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The service's error code, such as `TaskAlreadyCompleted`.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The service's message without the secrets of the request, or this crate's text; max 1024 characters.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The service's id of the request, for its support.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// True if the request may have reached the service. `false` is certain: it did not. With a status it is `true`.
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

    pub(crate) fn with_operation(mut self, operation: &'static str) -> Self {
        self.0.operation = Some(operation);
        self
    }

    pub(crate) fn maybe_sent(mut self) -> Self {
        self.0.may_have_been_sent = true;
        self
    }

    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self.maybe_sent()
    }

    pub(crate) fn with_code(mut self, code: Option<String>, request_id: Option<String>) -> Self {
        self.0.code = code;
        self.0.request_id = request_id;
        self
    }
}

impl ErrorKind {
    /// The kind of a response of another party. An overloaded or failing proxy needs the same back-off as the service.
    pub(crate) fn from_foreign_status(status: u16) -> Self {
        match status {
            429 => Self::Throttled,
            500.. => Self::Unavailable,
            _ => Self::NoResponse,
        }
    }

    /// The error codes of the service with the kind of each.
    pub const CODES: [(&'static str, Self); 21] = [
        ("ResourceThrottled", Self::Throttled),
        ("InternalServerError", Self::Unavailable),
        ("TaskInvalidState", Self::Conflict),
        ("ConcurrentUpdateError", Self::Conflict),
        ("TaskAlreadyCompleted", Self::Completed),
        ("ExecutionAlreadyCompleted", Self::Completed),
        ("ExecutionAlreadyExists", Self::AlreadyExists),
        ("FlowAlreadyExists", Self::AlreadyExists),
        ("FlowNotExists", Self::NotFound),
        ("ExecutionNotExists", Self::NotFound),
        ("AccessDenied", Self::Denied),
        ("InvalidAccessKeyID", Self::Denied),
        ("SignatureNotMatch", Self::Denied),
        ("RequestTimeTooSkewed", Self::Skewed),
        ("EntityTooLarge", Self::TooLarge),
        ("InvalidArgument", Self::Refused),
        ("MissingRequiredHeader", Self::Refused),
        ("MissingRequiredParams", Self::Refused),
        ("ActionNotSupported", Self::Refused),
        ("APIVersionNotSupported", Self::Refused),
        ("UnsupportedMediaType", Self::Refused),
    ];

    /// The kind of an error response, by its code, or by its status if the code is unknown.
    pub(crate) fn from_response(status: u16, code: Option<&str>) -> Self {
        let known = Self::CODES.iter().find(|(known, _)| code == Some(*known));
        known.map_or_else(|| Self::from_status(status), |(_, kind)| *kind)
    }

    const fn from_status(status: u16) -> Self {
        match status {
            429 => Self::Throttled,
            500.. => Self::Unavailable,
            _ => Self::Unexpected,
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
    fn kind_is_by_code_then_status() {
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
            assert_eq!(ErrorKind::from_response(status, code), kind, "{status} {code:?}");
        }
    }
}
