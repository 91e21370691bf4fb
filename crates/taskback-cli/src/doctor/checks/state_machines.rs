//! Checks of state machines: no state waits for a report without an end.

use serde_json::Value;

use crate::doctor::finding::Finding;
use crate::doctor::template::{Resource, Template};
use crate::doctor::value::references;

const TYPES: [&str; 2] = ["AWS::Serverless::StateMachine", "AWS::StepFunctions::StateMachine"];

/// The settings that end the wait of a state. A path or an expression counts as a time.
const TIMEOUTS: [&str; 4] =
    ["TimeoutSeconds", "TimeoutSecondsPath", "HeartbeatSeconds", "HeartbeatSecondsPath"];

/// Quotas of a template bound the number of states, and this their nesting.
const MAX_DEPTH: usize = 20;

pub(super) fn check(template: &Template, findings: &mut Vec<Finding>) {
    for machine in TYPES.iter().flat_map(|kind| template.of_kind(kind)) {
        let Some(definition) = definition(machine) else { continue };
        let mut endless = Vec::new();
        collect(template, &definition, 0, &mut endless);
        findings.extend(endless.into_iter().map(|state| {
            Finding::new(
                "TB023",
                &machine.name,
                format!(
                    "{state} waits without a timeout, so a task that is lost stops its execution for a year"
                ),
                format!("set TimeoutSeconds of {state}, and HeartbeatSeconds below it where steps are long"),
            )
        }));
    }
}

/// The definition, where the template holds it.
fn definition(machine: &Resource) -> Option<Value> {
    let view = machine.view();
    if let Some(definition) = view.get(&["Definition"]) {
        return Some(definition.clone());
    }
    let text = view.text(&["DefinitionString"])?;
    let definition = serde_json::from_str(&text).ok();
    if definition.is_none() {
        view.note(&["DefinitionString"], "it is not JSON");
    }
    definition
}

/// Adds the names of the states that wait without a timeout, also those of branches and of Map states.
fn collect(template: &Template, machine: &Value, depth: usize, endless: &mut Vec<String>) {
    let Some(states) = machine["States"].as_object().filter(|_| depth < MAX_DEPTH) else { return };
    for (name, state) in states {
        let waits = state["Type"] == "Task"
            && state["Resource"].as_str().is_some_and(|resource| waits(template, resource));
        if waits && TIMEOUTS.iter().all(|timeout| state[*timeout].is_null()) {
            endless.push(name.clone());
        }
        let branches = state["Branches"].as_array().into_iter().flatten();
        for inner in branches.chain([&state["ItemProcessor"], &state["Iterator"]]) {
            collect(template, inner, depth + 1, endless);
        }
    }
}

/// Whether a resource waits for a report: a call with a task token, or an activity.
fn waits(template: &Template, resource: &str) -> bool {
    let is_activity = |name: &str| {
        template.resources.get(name).is_some_and(|found| found.kind == "AWS::StepFunctions::Activity")
    };
    resource.ends_with(".waitForTaskToken")
        || resource.contains(":activity:")
        || references(resource).any(|(_, name, _)| is_activity(name))
}
