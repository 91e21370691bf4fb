use http::StatusCode;

use super::limits::MAX_DATA;
use crate::response::Refusal;

/// The one refusal of a callback that was reported, timed out or whose execution was stopped.
pub(super) fn closed() -> Refusal {
    let message = "The callback is either timed out or already completed";
    Refusal::bad_request("CallbackTimeoutException", message)
}

/// The refusal of an id that is malformed or unknown.
pub(super) fn invalid_id() -> Refusal {
    Refusal::bad_request("InvalidParameterValueException", "Invalid callback id")
}

pub(super) fn too_large(field: &str) -> Refusal {
    let message = format!(
        "1 validation error detected: Value at '{field}' failed to satisfy constraint: Member must have length less \
         than or equal to {MAX_DATA}"
    );
    Refusal::bad_request("InvalidParameterValueException", message)
}

pub(super) fn invalid_parameter(field: &str) -> Refusal {
    let message = format!(
        "1 validation error detected: Value at '{field}' failed to satisfy constraint: Member must be valid"
    );
    Refusal::bad_request("InvalidParameterValueException", message)
}

/// The refusal of an execution that is not known.
pub(super) fn unknown_execution() -> Refusal {
    let message = "The durable execution does not exist.";
    Refusal::new(StatusCode::NOT_FOUND, "ResourceNotFoundException", message)
}

pub(super) fn unreadable(message: &str) -> Refusal {
    let message = format!("Could not parse request body into json: {message}");
    Refusal::bad_request("InvalidRequestContentException", message)
}

pub(super) fn unsupported_media_type() -> Refusal {
    let message = "The content type must be application/json.";
    Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaTypeException", message)
}

pub(super) fn request_too_large() -> Refusal {
    let message = "The request has more than 1048576 bytes.";
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException", message)
}

pub(super) fn unknown_operation() -> Refusal {
    let message = "This operation is not supported by taskback local.";
    Refusal::new(StatusCode::NOT_FOUND, "UnknownOperationException", message)
}
