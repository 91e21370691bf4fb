use std::error::Error;
use std::fmt;

/// A request without a response. The texts come from the transport and contain nothing of the request.
#[derive(Debug)]
pub enum Failure {
    /// The request was certainly not sent.
    NotSent(String),
    /// The request may have been received. The status, if a response began.
    NoResponse(String, Option<u16>),
}

/// Shows the transport's text only.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::NotSent(reason) | Self::NoResponse(reason, _)) = self;
        f.write_str(reason)
    }
}

/// An error and its sources in one line.
pub(crate) fn describe(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text.push_str(": ");
        text.push_str(&error.to_string());
        next = error.source();
    }
    text
}
