use crate::response::Refusal;

pub(super) fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::bad_request("ValidationException", message)
}

pub(super) fn not_serialized(message: &str) -> Refusal {
    Refusal::bad_request("SerializationException", message)
}

pub(super) fn unknown(message: String) -> Refusal {
    Refusal::bad_request("UnknownResourceFault", message)
}

pub(super) fn unknown_execution(workflow_id: &str, run_id: &str) -> Refusal {
    unknown(format!("Unknown execution: WorkflowExecution=[workflowId={workflow_id}, runId={run_id}]"))
}

pub(super) fn unknown_operation() -> Refusal {
    Refusal::bad_request("UnknownOperationException", "This operation is not supported by taskback local.")
}
