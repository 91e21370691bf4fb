use taskback_http::Failure;

use crate::aws::unsent::Unsent;

/// A call without an answer.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// The request could not be built.
    NotBuilt,
    /// The request was certainly not sent.
    Unsent(Unsent),
    /// The request may have been received; the transport's text.
    Lost(String),
}

impl From<Failure> for Unanswered {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotSent(reason) => Self::Unsent(Unsent::NoConnection(reason)),
            Failure::NoResponse(reason, _) => Self::Lost(reason),
        }
    }
}

impl From<Unsent> for Unanswered {
    fn from(unsent: Unsent) -> Self {
        Self::Unsent(unsent)
    }
}
