use super::{activities, workflows};
use crate::aws_json::operation::JsonOperation;

/// The operations of SWF that are supported here.
pub(super) static OPERATIONS: [JsonOperation; 8] = [
    JsonOperation::poll("PollForActivityTask", activities::poll),
    JsonOperation::new("RecordActivityTaskHeartbeat", |state, members, context| {
        activities::heartbeat(state, members, context.now)
    }),
    JsonOperation::report("RespondActivityTaskCompleted", |state, members, _| {
        activities::complete(state, members)
    }),
    JsonOperation::report("RespondActivityTaskFailed", |state, members, _| activities::fail(state, members)),
    JsonOperation::report("RespondActivityTaskCanceled", |state, members, _| {
        activities::cancel(state, members)
    }),
    JsonOperation::new("GetWorkflowExecutionHistory", |state, members, _| {
        workflows::get_history(state, members)
    }),
    JsonOperation::new("TerminateWorkflowExecution", |state, members, context| {
        workflows::terminate(state, members, context.now)
    }),
    JsonOperation::new("RegisterDomain", |state, members, _| workflows::register_domain(state, members)),
];
