use crate::response::Refusal;

/// The codes of Step Functions itself. AWS's front end has the others.
pub(super) const OWN_CODES: [&str; 6] = [
    "ActivityDoesNotExist",
    "ExecutionDoesNotExist",
    "InvalidArn",
    "InvalidOutput",
    "InvalidToken",
    "TaskTimedOut",
];

/// The answer about a task that was reported, timed out or aborted, which is the same for all three.
pub(super) fn closed() -> Refusal {
    Refusal::bad_request("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
}

pub(super) fn invalid_token() -> Refusal {
    Refusal::bad_request("InvalidToken", "Invalid Token: 'Invalid token'")
}

pub(super) fn invalid_output() -> Refusal {
    Refusal::bad_request("InvalidOutput", "Invalid Output: 'The output is not JSON'")
}

pub(super) fn invalid_arn(arn: &str) -> Refusal {
    Refusal::bad_request("InvalidArn", format!("Invalid Arn: '{arn}'"))
}

pub(super) fn unknown_activity(arn: &str) -> Refusal {
    Refusal::bad_request("ActivityDoesNotExist", format!("Activity Does Not Exist: '{arn}'"))
}

pub(super) fn unknown_execution(arn: &str) -> Refusal {
    Refusal::bad_request("ExecutionDoesNotExist", format!("Execution Does Not Exist: '{arn}'"))
}
