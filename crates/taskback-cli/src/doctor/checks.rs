//! The checks, by subject.

mod concurrency;
mod functions;
mod layer;
mod ledger;
mod mentions;
mod needs;
mod permissions;
mod queues;
mod retention;
mod sources;
mod state_machines;
mod visibility;

use std::collections::BTreeSet;

use super::finding::Finding;
use super::function::{Function, Job};
use super::grants::Policies;
use super::template::Template;

pub(super) struct Examined {
    pub(super) findings: Vec<Finding>,
    /// Facts that could not be determined.
    pub(super) unknown: BTreeSet<String>,
    /// The functions that run taskback.
    pub(super) functions: Vec<String>,
}

pub(super) fn examine(template: &Template) -> Examined {
    let functions = Function::all(template);
    let checked = || functions.iter().filter(|function| function.job != Job::Other);
    let policies = Policies::new(template);
    let mut findings = Vec::new();
    for function in checked() {
        sources::check(function, &mut findings);
        queues::check(template, function, &mut findings);
        ledger::check(template, function, &functions, &mut findings);
        permissions::check(template, &policies, function, &mut findings);
        concurrency::check(function, &mut findings);
        functions::check(function, &mut findings);
        layer::check(function, &mut findings);
    }
    findings.extend(queues::unhandled(template, &functions));
    state_machines::check(template, &mut findings);
    mentions::check(template, &functions);
    if checked().next().is_none() {
        template.unknown.add("the template", "no function in it is known to run taskback");
    }
    // Two functions that share a queue have the same findings.
    findings.sort();
    findings.dedup();
    let names = checked().map(|function| function.name.to_owned()).collect();
    Examined { findings, unknown: template.unknown.list(), functions: names }
}
