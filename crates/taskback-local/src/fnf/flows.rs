//! CreateFlow, DescribeFlow, DeleteFlow.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::StatusCode;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::definition::{ExecutionMode, StateMachine};
use super::engine;
use super::execution::{ExecutionStatus, FailureReason};
use super::params::Params;
use super::refusal::invalid;
use super::state::Flow;
use crate::clock::Clock;
use crate::effect::{OperationResult, Success};
use crate::response::Refusal;
use crate::state::LocalState;
use crate::uuid::uuid;

pub(super) fn create(state: &mut LocalState, params: &Params, now: Instant) -> OperationResult {
    let name = params.require_name("Name")?;
    let definition = params.require_text("Definition", usize::MAX)?;
    let description = params.require_text("Description", usize::MAX)?;
    if params.require("Type")? != "FDL" {
        return Err(invalid("Type must be FDL."));
    }
    let mode = match params.get("ExecutionMode") {
        None | Some("Standard") => ExecutionMode::Standard,
        Some("Express") => ExecutionMode::Express,
        Some(_) => return Err(invalid("ExecutionMode must be Standard or Express.")),
    };
    let machine =
        StateMachine::parse(definition, mode).map_err(|error| invalid(format!("Definition: {error}.")))?;
    if state.fnf.flows.contains_key(name) {
        return Err(Refusal::bad_request("FlowAlreadyExists", format!("Flow {name} already exists.")));
    }
    let flow = Flow {
        id: uuid(),
        name: name.to_owned(),
        definition: definition.into(),
        machine: Arc::new(machine),
        description: description.to_owned(),
        role_arn: params.get("RoleArn").unwrap_or_default().to_owned(),
        mode,
        created: now,
        executions: BTreeMap::new(),
    };
    let view = flow.view(&state.clock);
    state.fnf.flows.insert(name.to_owned(), flow);
    Ok(view.into())
}

pub(super) fn describe(state: &LocalState, params: &Params) -> OperationResult {
    Ok(find(state, params.require_name("Name")?)?.view(&state.clock).into())
}

/// DeleteFlow. The service does not document the end of running executions: here they stop. As in the
/// service, the flow's executions are unknown afterwards, even under a new flow of the same name.
pub(super) fn delete(state: &mut LocalState, params: &Params, now: Instant) -> OperationResult {
    let name = params.require_name("Name")?;
    let state = &mut state.fnf;
    let Some(flow) = state.flows.remove(name) else { return Err(unknown(name)) };
    let mut effects = Vec::new();
    for id in flow.executions.into_values() {
        if state.executions[id].status == ExecutionStatus::Running {
            let reason = FailureReason::new("FlowDeleted", "The flow was deleted.");
            effects.extend(engine::stop(state, id, reason, now));
        }
    }
    Ok(Success::new(json!({}), effects))
}

pub(super) fn find<'s>(state: &'s LocalState, name: &str) -> Result<&'s Flow, Refusal> {
    state.fnf.flows.get(name).ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "FlowNotExists", format!("Flow {name} does not exist."))
}

impl Flow {
    fn view(&self, clock: &Clock) -> Value {
        let mode = match self.mode {
            ExecutionMode::Standard => "Standard",
            ExecutionMode::Express => "Express",
        };
        json!({
            "Id": self.id,
            "Name": self.name,
            "Type": "FDL",
            "Definition": &*self.definition,
            "Description": self.description,
            "RoleArn": self.role_arn,
            "ExecutionMode": mode,
            "CreatedTime": clock.timestamp(self.created),
            "LastModifiedTime": clock.timestamp(self.created),
        })
    }
}
