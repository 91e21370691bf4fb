use crate::response::Refusal;

pub(super) fn unknown(message: String) -> Refusal {
    Refusal::bad_request("UnknownResourceFault", message)
}

pub(super) fn unknown_execution(workflow_id: &str, run_id: &str) -> Refusal {
    unknown(format!("Unknown execution: WorkflowExecution=[workflowId={workflow_id}, runId={run_id}]"))
}
