//! The ids of an execution and its waiting state, by their names in [`Execution`].

use crate::execution::Execution;
use crate::fields::{FieldError, field};
use crate::members::Members;

/// The ARN of the activity that the task was polled at.
pub const ACTIVITY_ARN: &str = "activityArn";
/// The ARN of the execution (`$$.Execution.Id`).
pub const EXECUTION_ARN: &str = "executionArn";
/// The name of the waiting state (`$$.State.Name`).
pub const STATE_NAME: &str = "stateName";
/// The time at which the state was entered (`$$.State.EnteredTime`), which no retry changes.
pub const STATE_ENTERED_TIME: &str = "stateEnteredTime";
/// The number of retries of the state so far (`$$.State.RetryCount`), a number.
pub const RETRY_COUNT: &str = "retryCount";
/// The index of the item in a Map state (`$$.Map.Item.Index`), a number.
pub const MAP_ITEM_INDEX: &str = "mapItemIndex";

pub(super) fn read(ids: &Members<'_>) -> Result<Execution, FieldError> {
    let mut execution = Execution::default();
    for name in [EXECUTION_ARN, STATE_NAME, STATE_ENTERED_TIME, ACTIVITY_ARN] {
        execution = execution.with_text(name, field(ids, name)?);
    }
    for name in [RETRY_COUNT, MAP_ITEM_INDEX] {
        execution = execution.with_number(name, field(ids, name)?);
    }
    Ok(execution)
}

/// Execution and state, and where they are known the time of its entry and the item of a Map: a state runs more than
/// once in a loop or a Map.
pub(super) fn business_key(ids: &Execution) -> Option<String> {
    let mut key = ids.joined([EXECUTION_ARN, STATE_NAME])?;
    if let Some(entered) = ids.text(STATE_ENTERED_TIME) {
        key += &format!("/{entered}");
    }
    if let Some(index) = ids.number(MAP_ITEM_INDEX) {
        key += &format!("/{index}");
    }
    Some(key)
}
