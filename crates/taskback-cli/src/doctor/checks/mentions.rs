//! Resources that may invoke a function in ways that no check knows: they are listed.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::doctor::function::{Function, Job};
use crate::doctor::names::{FUNCTION, find_text};
use crate::doctor::template::{Resource, Template};
use crate::doctor::value::references;

/// The beginnings of the types that name functions and invoke none with events of their own, or whose invocations are
/// read elsewhere.
const READ: &[&str] = &[
    "AWS::ApplicationAutoScaling::",
    "AWS::CloudFormation::",
    "AWS::CloudWatch::",
    "AWS::CodeDeploy::",
    "AWS::DynamoDB::",
    "AWS::Events::",
    "AWS::IAM::",
    "AWS::KMS::",
    "AWS::Lambda::Alias",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Function",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Version",
    "AWS::Logs::LogGroup",
    "AWS::Logs::MetricFilter",
    "AWS::Pipes::",
    "AWS::SNS::",
    "AWS::SQS::",
    "AWS::SSM::",
    "AWS::Scheduler::",
    "AWS::SecretsManager::",
    "AWS::Serverless::Connector",
    "AWS::Serverless::Function",
    // The states of a workflow are direct invocations.
    "AWS::Serverless::StateMachine",
    "AWS::StepFunctions::",
];

pub(super) fn check(template: &Template, functions: &[Function<'_>]) {
    for resource in template.resources.values() {
        if READ.iter().any(|kind| resource.kind.starts_with(kind)) {
            continue;
        }
        let mut names = BTreeSet::new();
        collect(resource.view().value, &mut names);
        let found = names
            .iter()
            .filter_map(|name| find_text(template, &format!("${{{name}}}"), &FUNCTION).into_resource());
        for found in found {
            let checked =
                functions.iter().find(|function| function.name == found.name && function.job != Job::Other);
            if let Some(function) = checked {
                let reason = format!("it is of the type {}, and may invoke {}", resource.kind, function.name);
                resource.view().note(&[], &reason);
            }
        }
    }
    for schedule in template.of_kind("AWS::Scheduler::Schedule").map(Resource::view) {
        if schedule.text(&["Target", "Arn"]).is_some_and(|arn| arn.contains(":aws-sdk:lambda:")) {
            schedule
                .note(&["Target"], "it calls Lambda with an input of its own, which doctor does not check");
        }
    }
    for function in functions.iter().filter(|function| function.job != Job::Other) {
        let url = &["FunctionUrlConfig"];
        if !function.view.lacks(url) {
            function.view.note(url, "requests of a URL are not a trigger that doctor checks");
        }
        for source in &function.triggers.sources {
            if !source.view.lacks(&["Enabled"]) && source.view.flag(&["Enabled"]) == Some(false) {
                source.view.note(&["Enabled"], "it is off, so the queue is checked as if it were on");
            }
        }
    }
}

/// Collects the names in all references.
fn collect<'t>(value: &'t Value, names: &mut BTreeSet<&'t str>) {
    match value {
        Value::String(text) => names.extend(references(text).map(|(_, name, _)| name)),
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        Value::Object(members) => members.values().for_each(|member| collect(member, names)),
        _ => {}
    }
}
