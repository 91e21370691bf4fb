//! The refusals of AWS's front end.

use crate::response::Refusal;

pub(crate) fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::bad_request("ValidationException", message)
}

pub(crate) fn not_serialized(message: &str) -> Refusal {
    Refusal::bad_request("SerializationException", message)
}

pub(crate) fn unknown_operation() -> Refusal {
    Refusal::bad_request("UnknownOperationException", "This operation is not supported by taskback local.")
}
