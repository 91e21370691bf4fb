//! The triggers of a function: queues that it receives from, asynchronous events, and others.

use serde_json::Value;

use super::names::{FUNCTION, Found, QUEUE, find, shown};
use super::source::{Poller, Source};
use super::template::{Resource, Template};
use super::value::{arn, text};
use super::view::View;

#[derive(Default)]
pub(super) struct Triggers<'t> {
    pub(super) sources: Vec<Source<'t>>,
    /// What invokes it asynchronously.
    pub(super) asynchronous: Vec<String>,
    /// What invokes it with events that taskback does not read: the trigger, and what it is.
    pub(super) foreign: Vec<(String, String)>,
}

impl<'t> Triggers<'t> {
    /// Returns what invokes a function. Unknown facts go where the view of the function lists its own.
    pub(super) fn read(template: &'t Template, function: &Resource, function_view: &View<'t>) -> Self {
        let mut triggers = Self::default();
        for (_, event) in function_view.members(&["Events"]) {
            triggers.add_sam_event(template, event);
        }
        let is_it = |value: Option<&Value>| {
            let found = value.and_then(|value| find(template, value, &FUNCTION).into_resource());
            found.is_some_and(|found| found.name == function.name)
        };
        for resource in template.resources.values() {
            let view = View { unknown: function_view.unknown, ..resource.view() };
            match &*resource.kind {
                "AWS::Lambda::EventSourceMapping" if is_it(view.get(&["FunctionName"])) => {
                    triggers.add_mapping(template, view, &["EventSourceArn"]);
                }
                "AWS::Pipes::Pipe" if is_it(view.get(&["Target"])) => triggers.add_pipe(template, view),
                "AWS::Scheduler::Schedule" if is_it(view.get(&["Target", "Arn"])) => {
                    triggers.asynchronous.push(resource.name.clone());
                }
                "AWS::SNS::Subscription" if is_it(view.get(&["Endpoint"])) => {
                    triggers.asynchronous.push(resource.name.clone());
                }
                kind => {
                    let list = match kind {
                        "AWS::SNS::Topic" => ("Subscription", "Endpoint"),
                        "AWS::Events::Rule" => ("Targets", "Arn"),
                        _ => continue,
                    };
                    if view.items(&[list.0]).iter().any(|one| is_it(one.get(&[list.1]))) {
                        triggers.asynchronous.push(resource.name.clone());
                    }
                }
            }
        }
        triggers
    }

    fn add_sam_event(&mut self, template: &'t Template, event: View<'t>) {
        let kind = event.text(&["Type"]).unwrap_or_default();
        match &*kind {
            "SQS" => self.add_mapping(template, event.member("Properties"), &["Queue"]),
            "SNS" if is_by_queue(&event) => {
                let subscription = event.member("Properties").member("SqsSubscription");
                if subscription.value.is_object() {
                    return self.add_mapping(template, subscription, &["QueueArn"]);
                }
                subscription.note(&[], "its queue is made by SAM and not in the template");
            }
            "SNS" | "EventBridgeRule" | "CloudWatchEvent" | "Schedule" | "ScheduleV2" => {
                self.asynchronous.push(event.label);
            }
            "Api" | "HttpApi" => event.note(&[], "requests of an API are not a trigger that doctor checks"),
            "" => event.note(&["Type"], "not set"),
            _ => self.foreign.push((event.label, format!("an event source of the type {kind}"))),
        }
    }

    fn add_mapping(&mut self, template: &'t Template, view: View<'t>, arn: &[&str]) {
        if view.lacks(arn) && !view.lacks(&["SelfManagedEventSource"]) {
            return self.foreign.push((view.label, "a self-managed event source".to_owned()));
        }
        self.add_source(template, view, arn, Poller::Lambda);
    }

    fn add_source(&mut self, template: &'t Template, view: View<'t>, arn: &[&str], poller: Poller) {
        let Some(value) = view.get(arn) else {
            if view.lacks(arn) {
                view.note(arn, "not set, expected a queue");
            }
            return self.sources.push(Source { queue: None, poller, view });
        };
        let queue = match find(template, value, &QUEUE) {
            Found::Here(queue) => Some(queue),
            Found::Other(other) if !is_opaque(&other.kind) => {
                return self.foreign.push((view.label, format!("{} of the type {}", other.name, other.kind)));
            }
            Found::Other(other) => {
                view.note(arn, &format!("the queue is an output of {}", other.name));
                None
            }
            Found::Unknown(_) if is_foreign_arn(&text(value)) => {
                return self.foreign.push((view.label, shown(&text(value))));
            }
            Found::Unknown(reason) => {
                view.note(arn, &reason);
                None
            }
        };
        self.sources.push(Source { queue, poller, view });
    }

    fn add_pipe(&mut self, template: &'t Template, view: View<'t>) {
        let invocation = ["TargetParameters", "LambdaFunctionParameters", "InvocationType"];
        if view.text(&invocation).as_deref() == Some("FIRE_AND_FORGET") {
            return self.asynchronous.push(view.label);
        }
        for part in [&["Enrichment"][..], &["TargetParameters", "InputTemplate"]] {
            if !view.lacks(part) {
                view.note(part, "it may change the messages");
            }
        }
        self.add_source(template, view, &["Source"], Poller::Pipe);
    }
}

/// True for a resource whose attributes may be anything.
fn is_opaque(kind: &str) -> bool {
    kind == "AWS::CloudFormation::Stack"
        || kind == "AWS::Serverless::Application"
        || kind == "AWS::CloudFormation::CustomResource"
        || kind.starts_with("Custom::")
}

fn is_foreign_arn(text: &str) -> bool {
    arn(text).is_some_and(|[_, _, service, ..]| service != "sqs" && !service.contains('$'))
}

/// True for a topic of SAM that sends to a queue, which the function reads.
pub(super) fn is_by_queue(event: &View<'_>) -> bool {
    let path = &["Properties", "SqsSubscription"];
    !event.lacks(path) && event.text(path).as_deref() != Some("false")
}
