//! The ids of a workflow and its activity, by their names in [`Execution`].

use crate::execution::Execution;
use crate::fields::{FieldError, field};
use crate::members::Members;

/// The name of the domain.
pub const DOMAIN: &str = "domain";
/// The workflow's id.
pub const WORKFLOW_ID: &str = "workflowId";
/// The id of the workflow's run.
pub const RUN_ID: &str = "runId";
/// The activity's id.
pub const ACTIVITY_ID: &str = "activityId";
/// The name of the activity's type.
pub const ACTIVITY_TYPE: &str = "activityType";
/// The id of the event ActivityTaskStarted, a number.
pub const STARTED_EVENT_ID: &str = "startedEventId";

pub(super) fn read(ids: &Members<'_>) -> Result<Execution, FieldError> {
    let mut execution = Execution::default();
    for name in [DOMAIN, WORKFLOW_ID, RUN_ID, ACTIVITY_ID, ACTIVITY_TYPE] {
        execution = execution.with_text(name, field(ids, name)?);
    }
    Ok(execution.with_number(STARTED_EVENT_ID, field(ids, STARTED_EVENT_ID)?))
}

/// Workflow and activity.
pub(super) fn business_key(ids: &Execution) -> Option<String> {
    ids.joined([WORKFLOW_ID, ACTIVITY_ID])
}

/// Workflow, run and activity.
pub(super) fn business_key_with_run(ids: &Execution) -> Option<String> {
    ids.joined([WORKFLOW_ID, RUN_ID, ACTIVITY_ID])
}
