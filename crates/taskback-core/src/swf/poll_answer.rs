//! The answer of PollForActivityTask, beside its token.

use serde_json::value::RawValue;

use super::ids::{ACTIVITY_ID, ACTIVITY_TYPE, RUN_ID, STARTED_EVENT_ID, WORKFLOW_ID};
use crate::aws_json::input;
use crate::execution::Execution;
use crate::fields::{FieldError, field, given, required};
use crate::members::{self, Members};
use crate::spec::PollAnswer;

const WORKFLOW_EXECUTION: &str = "workflowExecution";

/// Known by the shape of two members, their names in any case. A body of that shape is SWF's
/// whatever else is wrong with it, so it never becomes a task of another service.
pub(super) fn read(members: &Members<'_>) -> Result<Option<PollAnswer>, FieldError> {
    let kind = members.all_in_any_case(ACTIVITY_TYPE).find_map(Members::of);
    let workflow = members.all_in_any_case(WORKFLOW_EXECUTION).find_map(Members::of);
    let (Some(kind), Some(workflow)) = (kind, workflow) else { return Ok(None) };
    for name in [ACTIVITY_TYPE, WORKFLOW_EXECUTION] {
        given(members, name)?;
    }
    let execution = Execution::default()
        .with_text(WORKFLOW_ID, Some(required(&workflow, WORKFLOW_ID)?))
        .with_text(RUN_ID, Some(required(&workflow, RUN_ID)?))
        .with_text(ACTIVITY_ID, field(members, ACTIVITY_ID)?)
        .with_text(ACTIVITY_TYPE, Some(required(&kind, "name")?))
        .with_number(STARTED_EVENT_ID, Some(required(members, STARTED_EVENT_ID)?));
    Ok(Some(PollAnswer { input: polled_input(members)?, execution }))
}

/// The input of a body: text, or JSON where a sender parsed it.
fn polled_input(members: &Members<'_>) -> Result<Box<RawValue>, FieldError> {
    match given(members, "input")? {
        None => Ok(input(None)),
        Some(json) if json.get().starts_with('"') => {
            let text = members::text(json).ok_or(FieldError::WrongType("input"))?;
            Ok(input(Some(&text)))
        }
        Some(json) => Ok(json.to_owned()),
    }
}
