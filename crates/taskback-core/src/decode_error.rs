use std::fmt;

use crate::fields::FieldError;
use crate::service::Service;
use crate::token::TokenError;

/// The reason why a body brings no task. It holds nothing of the body's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// The body is not JSON: correct the sender.
    NotJson,
    /// The body is JSON but not an object: correct the sender.
    NotAnObject,
    /// The message has no body, or one with escapes that are not Unicode text: correct the sender.
    MissingBody,
    /// None of the three names of a token is there: correct the sender, or set
    /// `TASKBACK_TOKEN_POINTER`.
    NoToken,
    /// More than one token, so that the task is ambiguous: correct the sender.
    MultipleTokens,
    /// The token is not text: correct the sender.
    TokenNotString,
    /// The token is empty or too long: correct the sender.
    Token(TokenError),
    /// The token has characters that no token of this service has, so that no report could carry it: correct the sender,
    /// which may have encoded it once more.
    MalformedToken(Service),
    /// The body's `service` names one of ours, and there is no `input`: correct the sender, or give
    /// the member another name if it does not mean the workflow service.
    NoInput(Service),
    /// The body's `service` is not the one in `TASKBACK_SERVICE`, and the body is not a whole envelope: correct one of
    /// them.
    OtherService {
        /// In the body.
        named: Service,
        /// In the settings.
        configured: Service,
    },
    /// A member that is read is there more than once, upper and lower case being the same: correct the sender.
    Repeated(&'static str),
    /// The member of that name has another type than it should, or is out of its range: correct the sender.
    Field(&'static str),
    /// The setting of that name holds a pointer that finds nothing here.
    PointerNotFound(&'static str),
    /// The setting of that name holds a pointer by which more than one member is found: correct the sender.
    PointerRepeated(&'static str),
    /// Nothing says which service the token belongs to: set `TASKBACK_SERVICE`.
    NoService,
}

impl DecodeError {
    /// Whether the settings are wrong and not the message.
    pub const fn is_configuration_error(&self) -> bool {
        matches!(self, Self::PointerNotFound(_) | Self::NoService)
    }
}

impl From<FieldError> for DecodeError {
    fn from(error: FieldError) -> Self {
        match error {
            FieldError::Repeated(name) => Self::Repeated(name),
            FieldError::WrongType(name) => Self::Field(name),
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson => f.write_str("the body is not JSON"),
            Self::NotAnObject => f.write_str("the body is not a JSON object"),
            Self::NoToken => f.write_str(
                "the body has no token under taskToken, task_token or TaskToken, nor with TASKBACK_SERVICE=durable \
                 callbackId or callback_id",
            ),
            Self::MultipleTokens => f.write_str("the body has more than one token"),
            Self::TokenNotString => f.write_str("the token is not a JSON string"),
            Self::Token(error) => error.fmt(f),
            Self::MalformedToken(service) => {
                write!(
                    f,
                    "the token has characters that no token of {service} has: send it as it was given out"
                )
            }
            Self::MissingBody => f.write_str("the message has no body, or its body is not Unicode text"),
            Self::NoInput(service) => write!(
                f,
                "the body's service is {service}, but it is not an envelope, for it has no input: \
                 add input, or give service another name"
            ),
            Self::OtherService { named, configured } => write!(
                f,
                "the body's service is {named}, but TASKBACK_SERVICE is {configured}: correct one of them"
            ),
            Self::Repeated(name) => {
                write!(f, "the body has more than one {name} (upper and lower case are the same): send one")
            }
            Self::Field(name) => {
                let expected = match *name {
                    "heartbeatSeconds" => "a whole number from 1",
                    "heartbeatTimeoutSeconds" => "a whole number, where 0 means none",
                    "execution" => "an object of ids, or the one id that its service has as text",
                    "job" => "an object",
                    _ => return write!(f, "the member {name} has the wrong type"),
                };
                write!(f, "the member {name}: expected {expected}")
            }
            Self::PointerNotFound(setting) => write!(f, "the pointer in {setting} finds nothing in the body"),
            Self::PointerRepeated(setting) => {
                write!(f, "the pointer in {setting} finds more than one member in the body: send one")
            }
            Self::NoService => f.write_str("the body names no service and TASKBACK_SERVICE is not set"),
        }
    }
}

impl std::error::Error for DecodeError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_says_what_was_expected() {
        for (error, expected) in [
            (DecodeError::Field("heartbeatSeconds"), "heartbeatSeconds: expected a whole number from 1"),
            (
                DecodeError::Field("heartbeatTimeoutSeconds"),
                "heartbeatTimeoutSeconds: expected a whole number",
            ),
            (DecodeError::Field("execution"), "execution: expected an object of ids"),
            (DecodeError::Field("job"), "job: expected an object"),
            (DecodeError::NoToken, "with TASKBACK_SERVICE=durable callbackId or callback_id"),
        ] {
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}
