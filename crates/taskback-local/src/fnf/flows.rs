//! CreateFlow, DescribeFlow, DeleteFlow.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::StatusCode;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::definition::{Machine, Mode};
use super::execution::{Reason, Status};
use super::params::Params;
use super::{invalid, run};
use crate::answer::{Refusal, uuid};
use crate::books::Books;
use crate::call::Done;
use crate::clock::Clock;

pub(super) struct Flow {
    id: String,
    name: String,
    pub(super) definition: Arc<str>,
    pub(super) machine: Arc<Machine>,
    description: String,
    pub(super) role_arn: String,
    pub(super) mode: Mode,
    created: Instant,
    /// Its executions by name, as places in the desk's list.
    pub(super) executions: BTreeMap<String, usize>,
}

pub(super) fn create(books: &mut Books, params: &Params, now: Instant) -> Done {
    let name = params.need_name("Name")?;
    let definition = params.need_text("Definition", usize::MAX)?;
    let description = params.need_text("Description", usize::MAX)?;
    if params.need("Type")? != "FDL" {
        return Err(invalid("Type must be FDL."));
    }
    let mode = match params.get("ExecutionMode") {
        None | Some("Standard") => Mode::Standard,
        Some("Express") => Mode::Express,
        Some(_) => return Err(invalid("ExecutionMode must be Standard or Express.")),
    };
    let machine =
        Machine::read(definition, mode).map_err(|wrong| invalid(format!("Definition: {wrong}.")))?;
    if books.fnf.flows.contains_key(name) {
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
    let view = flow.view(&books.clock);
    books.fnf.flows.insert(name.to_owned(), flow);
    Ok(view)
}

pub(super) fn describe(books: &Books, params: &Params) -> Done {
    Ok(flow(books, params.need_name("Name")?)?.view(&books.clock))
}

/// The service does not say what becomes of running executions: here they stop. As there, nothing
/// is known of the flow's executions afterwards, even under a new flow of the same name.
pub(super) fn delete(books: &mut Books, params: &Params, now: Instant) -> Done {
    let name = params.need_name("Name")?;
    let Some(flow) = books.fnf.flows.remove(name) else { return Err(unknown(name)) };
    for id in flow.executions.into_values() {
        if books.fnf.executions[id].status == Status::Running {
            let reason = Reason::new("FlowDeleted", "The flow was deleted.");
            run::stop(books, id, reason, now);
        }
    }
    Ok(json!({}))
}

pub(super) fn flow<'b>(books: &'b Books, name: &str) -> Result<&'b Flow, Refusal> {
    books.fnf.flows.get(name).ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "FlowNotExists", format!("Flow {name} does not exist."))
}

impl Flow {
    fn view(&self, clock: &Clock) -> Value {
        let mode = match self.mode {
            Mode::Standard => "Standard",
            Mode::Express => "Express",
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
