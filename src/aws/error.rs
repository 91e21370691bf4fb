use std::fmt;
use std::time::Duration;

use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use taskback_core::printable;

use super::unsent::{Unsent, no_response, unsent};

/// The maximum length of a code: another party than the service may send any text for one.
const CODE_CHARS: usize = 128;

const NOT_BUILT: &str = "the request could not be built";
const LATE: &str = "no answer in time";

/// A call that failed. It has the error's code and not its text, which may hold the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AwsError {
    call: &'static str,
    kind: Kind,
    may_have_been_accepted: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// An answer of the service with this code.
    Code(String),
    /// No answer, for this reason.
    NoAnswer(String),
    /// An answer without what the service always sends.
    Foreign,
    /// Nothing was sent, for this reason: there are no usable credentials, or the request could not be built.
    Unsent(String),
}

impl AwsError {
    pub(crate) fn from_sdk_error<E: ProvideErrorMetadata>(
        call: &'static str,
        error: &SdkError<E, HttpResponse>,
    ) -> Self {
        // Only a request that was not sent, or that the service itself refused, was certainly not accepted. A failure of
        // the service says nothing.
        let may_have_been_accepted = match error {
            SdkError::ConstructionFailure(_) => false,
            SdkError::DispatchFailure(failure) => failure.as_connector_error().and_then(unsent).is_none(),
            SdkError::ServiceError(refused) => {
                let reply = refused.raw();
                let own = error.code().is_some() && reply.headers().get("x-amzn-requestid").is_some();
                !own || reply.status().as_u16() >= 500
            }
            _ => true,
        };
        let kind = match (error.code(), error) {
            (Some(code), _) => Kind::Code(printable(code, CODE_CHARS)),
            (None, SdkError::ConstructionFailure(_)) => Kind::Unsent(NOT_BUILT.into()),
            (None, SdkError::DispatchFailure(failure)) => match failure.as_connector_error() {
                Some(error) => match unsent(error) {
                    Some(Unsent::NoCredentials(reason)) => Kind::Unsent(reason),
                    Some(Unsent::NoConnection(reason) | Unsent::CredentialsLate(reason)) => {
                        Kind::NoAnswer(reason)
                    }
                    None => Kind::NoAnswer(no_response(error)),
                },
                None => Kind::NoAnswer("the connection broke".into()),
            },
            (None, SdkError::TimeoutError(_)) => Kind::NoAnswer(LATE.into()),
            (None, _) => Kind::NoAnswer("the reply could not be read".into()),
        };
        Self { call, kind, may_have_been_accepted }
    }

    pub(crate) fn unsent(call: &'static str) -> Self {
        Self { call, kind: Kind::Unsent(NOT_BUILT.into()), may_have_been_accepted: false }
    }

    /// A success that lacks what the service always sends was written by another party.
    pub(crate) fn foreign(call: &'static str) -> Self {
        Self { call, kind: Kind::Foreign, may_have_been_accepted: true }
    }

    fn no_answer(call: &'static str) -> Self {
        Self { call, kind: Kind::NoAnswer(LATE.into()), may_have_been_accepted: true }
    }

    /// Returns `false` if the service certainly did not accept the call.
    #[cfg_attr(
        not(any(feature = "sfn", feature = "swf")),
        allow(dead_code, reason = "only the poller sends")
    )]
    pub(crate) fn may_have_been_accepted(&self) -> bool {
        self.may_have_been_accepted
    }

    /// Returns `true` if a queue refuses the message itself, for its size or its characters: no retry can succeed.
    #[cfg_attr(
        not(any(feature = "sfn", feature = "swf")),
        allow(dead_code, reason = "only the poller sends")
    )]
    pub(crate) fn is_invalid_message(&self) -> bool {
        let codes = ["InvalidMessageContents", "InvalidParameterValue", "InvalidParameterValueException"];
        matches!(&self.kind, Kind::Code(code) if codes.contains(&code.as_str()))
    }

    /// Returns `true` if a policy does not allow the call.
    #[cfg_attr(
        not(any(feature = "sfn", feature = "swf")),
        allow(dead_code, reason = "only the poller sends")
    )]
    pub(crate) fn is_denied(&self) -> bool {
        matches!(&self.kind, Kind::Code(code) if code.contains("AccessDenied"))
    }

    /// Returns `true` if an operator has to fix something first: a name, a policy, credentials.
    pub(crate) fn is_configuration_error(&self) -> bool {
        let passing = ["Throttl", "LimitExceeded", "TooMany", "Internal", "Unavailable", "Expired"];
        match &self.kind {
            Kind::Code(code) => !passing.iter().any(|part| code.contains(part)),
            Kind::Unsent(_) => true,
            Kind::NoAnswer(_) | Kind::Foreign => false,
        }
    }
}

impl fmt::Display for AwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { call, kind, .. } = self;
        match kind {
            Kind::Code(code) => write!(f, "{call}: {code}"),
            Kind::NoAnswer(reason) => write!(f, "{call}: no answer: {reason}"),
            Kind::Foreign => write!(f, "{call}: an answer that is not the service's own"),
            Kind::Unsent(reason) => write!(f, "{call}: not sent: {reason}"),
        }
    }
}

/// Sends a call and waits for its answer at most for `patience`.
pub(crate) async fn in_time<T, E: ProvideErrorMetadata>(
    call: &'static str,
    patience: Duration,
    sent: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
) -> Result<T, AwsError> {
    match tokio::time::timeout(patience, sent).await {
        Ok(answer) => answer.map_err(|error| AwsError::from_sdk_error(call, &error)),
        Err(_) => Err(AwsError::no_answer(call)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl AwsError {
        /// By the service, with this code.
        pub(crate) fn by_code(call: &'static str, code: &str) -> Self {
            Self { call, kind: Kind::Code(code.to_owned()), may_have_been_accepted: false }
        }

        pub(crate) fn lost(call: &'static str) -> Self {
            Self::no_answer(call)
        }
    }

    #[test]
    fn codes_separate_message_and_configuration_errors() {
        let of = |code: &str| {
            let refusal = AwsError::by_code("SendMessage", code);
            (refusal.is_invalid_message(), refusal.is_configuration_error())
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
