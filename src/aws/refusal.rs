use std::fmt;
use std::time::Duration;

use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};

use super::{Unsent, unsent};

/// What a service said instead of doing what it was asked. Only the error's code is kept: its text may
/// hold the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    call: &'static str,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// By the service, with this code.
    Code(String),
    /// There was no answer.
    NoAnswer,
    /// There are no credentials, or the request could not be built.
    Unsent,
}

impl Refusal {
    pub(crate) fn of<E: ProvideErrorMetadata, R>(call: &'static str, error: &SdkError<E, R>) -> Self {
        let kind = match (error.code(), error) {
            (Some(code), _) => Kind::Code(code.to_owned()),
            (None, SdkError::ConstructionFailure(_)) => Kind::Unsent,
            (None, SdkError::DispatchFailure(failure)) => {
                match failure.as_connector_error().and_then(unsent) {
                    Some(Unsent::NoCredentials) => Kind::Unsent,
                    _ => Kind::NoAnswer,
                }
            }
            (None, _) => Kind::NoAnswer,
        };
        Self { call, kind }
    }

    pub(crate) fn unsent(call: &'static str) -> Self {
        Self { call, kind: Kind::Unsent }
    }

    /// Whether a queue refuses the message itself, for its size or its characters: no other try can
    /// succeed.
    pub(crate) fn is_of_the_message(&self) -> bool {
        let codes = ["InvalidMessageContents", "InvalidParameterValue", "InvalidParameterValueException"];
        matches!(&self.kind, Kind::Code(code) if codes.contains(&code.as_str()))
    }

    /// Whether a policy does not allow the call.
    pub(crate) fn is_denied(&self) -> bool {
        matches!(&self.kind, Kind::Code(code) if code.contains("AccessDenied"))
    }

    /// Whether somebody has to mend something first: a name, a policy, credentials.
    pub(crate) fn is_of_the_settings(&self) -> bool {
        let passing = ["Throttl", "LimitExceeded", "TooMany", "Internal", "Unavailable", "Expired"];
        match &self.kind {
            Kind::Code(code) => !passing.iter().any(|part| code.contains(part)),
            Kind::Unsent => true,
            Kind::NoAnswer => false,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { call, kind } = self;
        match kind {
            Kind::Code(code) => write!(f, "{call}: {code}"),
            Kind::NoAnswer => write!(f, "{call}: no answer"),
            Kind::Unsent => write!(f, "{call}: not sent, there are no credentials"),
        }
    }
}

/// What a call answered within its time.
pub(crate) async fn in_time<T, E: ProvideErrorMetadata, R>(
    call: &'static str,
    patience: Duration,
    sent: impl Future<Output = Result<T, SdkError<E, R>>>,
) -> Result<T, Refusal> {
    match tokio::time::timeout(patience, sent).await {
        Ok(answer) => answer.map_err(|error| Refusal::of(call, &error)),
        Err(_) => Err(Refusal { call, kind: Kind::NoAnswer }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_whose_fault_it_is() {
        let of = |code: &str| {
            let refusal = Refusal { call: "SendMessage", kind: Kind::Code(code.to_owned()) };
            (refusal.is_of_the_message(), refusal.is_of_the_settings())
        };
        assert_eq!(of("InvalidMessageContents"), (true, true));
        for code in
            ["AccessDeniedException", "AWS.SimpleQueueService.NonExistentQueue", "UnknownResourceFault"]
        {
            assert_eq!(of(code), (false, true), "{code}");
        }
        for code in ["ThrottlingException", "RequestThrottled", "LimitExceededFault", "ServiceUnavailable"] {
            assert_eq!(of(code), (false, false), "{code}");
        }
    }
}
