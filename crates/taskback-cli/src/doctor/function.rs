//! The functions of a template that taskback runs in, and what brings them events.

use serde_json::Value;

use super::intrinsics::{target, text};
use super::template::{LAMBDA_FUNCTION, QUEUE, Resource, SAM_FUNCTION, Template, list, number};

pub(super) struct Function<'t> {
    pub(super) name: &'t str,
    pub(super) resource: &'t Resource,
    pub(super) job: Job,
    pub(super) sources: Vec<Source<'t>>,
    /// Whether something invokes it without waiting for the answer.
    pub(super) asynchronous: bool,
    /// Where such an event goes when it failed for good; null = somewhere that is not known.
    pub(super) on_failure: Option<&'t Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Job {
    Worker,
    DeadLetters,
    FlowControl,
    Poller,
}

/// A queue whose messages a function gets.
pub(super) struct Source<'t> {
    /// The queue's name in the template; absent where it is not in it.
    pub(super) queue: Option<&'t str>,
    properties: &'t Value,
}

impl<'t> Function<'t> {
    /// All that are on a `provided` runtime and have a setting of taskback's or are built by cargo lambda.
    pub(super) fn all(template: &'t Template) -> Vec<Self> {
        let mut functions: Vec<Self> = [SAM_FUNCTION, LAMBDA_FUNCTION]
            .into_iter()
            .flat_map(|kind| template.of_kind(kind))
            .filter(|(_, resource)| is_ours(resource))
            .map(|(name, resource)| Self::of(template, name, resource))
            .collect();
        let dead: Vec<_> = functions.iter().flat_map(|function| function.dead_letters(template)).collect();
        for function in &mut functions {
            let reads_dead =
                function.sources.iter().any(|source| source.queue.is_some_and(|queue| dead.contains(&queue)));
            if function.job == Job::Worker && function.resource.binary != "worker" && reads_dead {
                function.job = Job::DeadLetters;
            }
        }
        functions
    }

    fn of(template: &'t Template, name: &'t str, resource: &'t Resource) -> Self {
        let mappings =
            template.of_kind("AWS::Lambda::EventSourceMapping").map(|(_, mapping)| &mapping.properties);
        let mappings = mappings.filter(|mapping| target(&mapping["FunctionName"]) == Some(name));
        let events = || resource.at(&["Events"]).as_object().into_iter().flat_map(|events| events.values());
        let of_sqs = events().filter(|event| event["Type"] == "SQS").map(|event| &event["Properties"]);
        let sources = mappings.chain(of_sqs).map(Source::of).collect();
        let asynchronous = events().any(|event| {
            ["SNS", "EventBridgeRule", "CloudWatchEvent"].iter().any(|kind| event["Type"] == *kind)
        }) || is_target(template, name);
        let configs =
            template.of_kind("AWS::Lambda::EventInvokeConfig").map(|(_, config)| &config.properties);
        let mut configs = configs.filter(|config| target(&config["FunctionName"]) == Some(name));
        let on_failure = [
            configs.next().and_then(|config| config.pointer("/DestinationConfig/OnFailure/Destination")),
            resource.properties.pointer("/EventInvokeConfig/DestinationConfig/OnFailure/Destination"),
            resource.properties.pointer("/DeadLetterQueue/TargetArn"),
            resource.properties.pointer("/DeadLetterConfig/TargetArn"),
        ];
        let on_failure = on_failure.into_iter().flatten().next();
        let mut function = Self { name, resource, job: Job::Worker, sources, asynchronous, on_failure };
        function.job = match &*resource.binary {
            "dead_letter" => Job::DeadLetters,
            "flow_control" => Job::FlowControl,
            "swf_poller" => Job::Poller,
            _ if function.env("TASKBACK_SWF_TASK_LIST").is_some() => Job::Poller,
            _ => Job::Worker,
        };
        function
    }

    /// A variable of its environment that is set and known; empty counts as unset.
    pub(super) fn env(&self, name: &str) -> Option<String> {
        let value = self.resource.at(&["Environment", "Variables", name]);
        Some(text(value)).filter(|value| !value.is_empty() && value != "null")
    }

    /// Whether a variable is there and its value is not known.
    pub(super) fn is_unknown(&self, name: &str) -> bool {
        self.resource.at(&["Environment", "Variables"]).get(name).is_some_and(Value::is_null)
    }

    /// In seconds; `None` = not known.
    pub(super) fn timeout(&self) -> Option<f64> {
        let says = self.resource.properties.get("Timeout");
        says.map_or(Some(3.0), number)
    }

    /// The ledger's setting as it stands, and as the function reads it where it does not.
    pub(super) fn ledger(&self) -> String {
        self.env("TASKBACK_LEDGER").unwrap_or_else(|| "memory".to_owned())
    }

    /// The table of its ledger.
    pub(super) fn table(&self) -> Option<String> {
        self.ledger().strip_prefix("dynamodb:").map(str::to_owned)
    }

    /// The queues of the template to which its events go when nobody could settle them.
    pub(super) fn dead_letters(&self, template: &'t Template) -> Vec<&'t str> {
        if matches!(self.job, Job::FlowControl | Job::Poller | Job::DeadLetters) {
            return Vec::new();
        }
        let queues = self.sources.iter().filter_map(|source| template.get(source.queue?, QUEUE));
        let redriven = queues.map(|queue| queue.at(&["RedrivePolicy", "deadLetterTargetArn"]));
        let all = redriven.chain(self.on_failure).filter_map(target);
        all.filter(|name| template.get(name, QUEUE).is_some()).collect()
    }
}

/// Whether a topic or a rule of CloudFormation's own invokes it.
fn is_target(template: &Template, name: &str) -> bool {
    let is_it = |arn: &Value| target(arn) == Some(name);
    let any = |kind, places: &[&str], arn: &str| {
        template.of_kind(kind).any(|(_, of)| list(of.at(places)).into_iter().any(|one| is_it(&one[arn])))
    };
    any("AWS::SNS::Subscription", &[], "Endpoint")
        || any("AWS::SNS::Topic", &["Subscription"], "Endpoint")
        || any("AWS::Events::Rule", &["Targets"], "Arn")
}

fn is_ours(resource: &Resource) -> bool {
    let mut settings = resource
        .at(&["Environment", "Variables"])
        .as_object()
        .into_iter()
        .flat_map(|variables| variables.keys());
    text(resource.at(&["Runtime"])).starts_with("provided")
        && (resource.build_method == "rust-cargolambda"
            || settings.any(|name| name.starts_with("TASKBACK_") || name.starts_with("FNF_")))
}

impl<'t> Source<'t> {
    fn of(properties: &'t Value) -> Self {
        // CloudFormation's name for it, and SAM's.
        let arn = properties.get("EventSourceArn").unwrap_or(&properties["Queue"]);
        Self { queue: target(arn), properties }
    }

    /// Whether it lets the function answer for each message; `None` = not known.
    pub(super) fn is_partial(&self) -> Option<bool> {
        match self.properties.get("FunctionResponseTypes") {
            None => Some(false),
            Some(Value::Null) => None,
            Some(types) => Some(list(types).iter().any(|kind| **kind == "ReportBatchItemFailures")),
        }
    }

    pub(super) fn batch_size(&self) -> Option<f64> {
        self.properties.get("BatchSize").map_or(Some(10.0), number)
    }

    /// In seconds.
    pub(super) fn window(&self) -> Option<f64> {
        self.properties.get("MaximumBatchingWindowInSeconds").map_or(Some(0.0), number)
    }
}
