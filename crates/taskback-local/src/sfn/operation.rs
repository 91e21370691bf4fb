use super::{activities, history, reports};
use crate::aws_json::operation::JsonOperation;

/// The operations of Step Functions that are supported here.
pub(super) static OPERATIONS: [JsonOperation; 5] = [
    JsonOperation::poll("GetActivityTask", activities::poll),
    JsonOperation::new("SendTaskHeartbeat", |state, members, context| {
        reports::heartbeat(state, members, context.now)
    }),
    JsonOperation::report("SendTaskSuccess", |state, members, _| reports::succeed(state, members)),
    JsonOperation::report("SendTaskFailure", |state, members, _| reports::fail(state, members)),
    // FnF has an operation of this name, and a fault has only the name.
    JsonOperation::new("states:GetExecutionHistory", |state, members, _| history::get(state, members)),
];
