//! The checks, by what they look at.

mod functions;
mod ledger;
mod permissions;
mod queues;

use std::collections::BTreeSet;

use super::finding::Finding;
use super::function::Function;
use super::intrinsics::text;
use super::template::{LAMBDA_FUNCTION, SAM_FUNCTION, Template};

pub(super) struct Examined {
    pub(super) findings: Vec<Finding>,
    /// What was not looked at, and why.
    pub(super) unknown: BTreeSet<String>,
}

pub(super) fn examine(template: &Template) -> Examined {
    let functions = Function::all(template);
    let mut unknown = template.unknown.clone();
    unknown.extend(others(template, &functions));
    let mut findings = Vec::new();
    for function in &functions {
        queues::check(template, function, &mut findings, &mut unknown);
        ledger::check(template, function, &functions, &mut findings);
        permissions::check(template, function, &mut findings, &mut unknown);
        functions::check(function, &mut findings);
    }
    findings.extend(queues::unhandled(template, &functions));
    // Two functions may share a queue.
    findings.sort();
    findings.dedup();
    Examined { findings, unknown }
}

fn others(template: &Template, functions: &[Function<'_>]) -> Vec<String> {
    let all = [SAM_FUNCTION, LAMBDA_FUNCTION].into_iter().flat_map(|kind| template.of_kind(kind));
    let others = all.filter(|(name, _)| functions.iter().all(|function| function.name != *name));
    let told = others.map(|(name, resource)| {
        let runtime = text(resource.at(&["Runtime"]));
        format!("the function {name}: its runtime is {runtime}, and it has no setting of taskback's")
    });
    told.collect()
}
