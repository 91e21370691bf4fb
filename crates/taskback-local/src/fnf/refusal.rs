use http::StatusCode;

use crate::response::Refusal;

pub(super) fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::bad_request("InvalidArgument", message)
}

pub(super) fn missing(parameter: &str) -> Refusal {
    Refusal::bad_request("MissingRequiredParams", format!("{parameter} is required."))
}

pub(super) fn too_large(message: impl Into<String>) -> Refusal {
    Refusal::bad_request("EntityTooLarge", message)
}

pub(super) fn throttled() -> Refusal {
    Refusal::new(
        StatusCode::TOO_MANY_REQUESTS,
        "ResourceThrottled",
        "The request is throttled. Please try again later.",
    )
}

pub(super) fn skewed() -> Refusal {
    let message = "The request's Timestamp is more than 15 minutes from the service's clock.";
    Refusal::forbidden("RequestTimeTooSkewed", message)
}

pub(super) fn concurrent_update() -> Refusal {
    let message = "The execution is being updated. Please retry.";
    Refusal::new(StatusCode::CONFLICT, "ConcurrentUpdateError", message)
}

pub(super) fn task_invalid_state() -> Refusal {
    let message = "The task is not in a state to be reported. Please retry.";
    Refusal::new(StatusCode::CONFLICT, "TaskInvalidState", message)
}
