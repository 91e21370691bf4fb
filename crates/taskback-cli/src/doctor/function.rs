//! The functions of a template that run taskback.

use std::collections::BTreeSet;

use serde_json::Value;

use super::names::{FUNCTION, Found, QUEUE, find};
use super::services::{PollerNeeds, SERVICES};
use super::template::{Resource, Template};
use super::triggers::Triggers;
use super::value::{reason, text};
use super::view::{Known, View};

pub(super) struct Function<'t> {
    pub(super) name: &'t str,
    pub(super) resource: &'t Resource,
    pub(super) view: View<'t>,
    pub(super) job: Job,
    pub(super) triggers: Triggers<'t>,
    /// The destination of asynchronous events after the last failed attempt.
    pub(super) on_failure: OnFailure<'t>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Job {
    Worker,
    DeadLetters,
    FlowControl,
    Poller,
    /// It does not run taskback.
    Other,
}

pub(super) enum OnFailure<'t> {
    None,
    To(&'t Value),
    /// Listed as unknown, or made by SAM.
    Unknown,
}

impl<'t> Function<'t> {
    /// Returns all functions. Those that may run taskback, but do not show it, are listed as unknown.
    pub(super) fn all(template: &'t Template) -> Vec<Self> {
        let of_kind = |kind: &'t &'t str| template.of_kind(kind);
        let resources = FUNCTION.types.iter().flat_map(of_kind);
        let mut functions: Vec<Self> = resources.map(|resource| Self::new(template, resource)).collect();
        let dead: BTreeSet<_> =
            functions.iter().flat_map(|function| function.dead_letters(template)).collect();
        for function in &mut functions {
            let mut queues = function.triggers.sources.iter().filter_map(|source| source.queue);
            let reads_dead = queues.any(|queue| dead.contains(&*queue.name));
            if function.job == Job::Worker && function.resource.binary != "worker" && reads_dead {
                function.job = Job::DeadLetters;
            }
        }
        for mapping in template.of_kind("AWS::Lambda::EventSourceMapping") {
            let value = mapping.view().get(&["FunctionName"]);
            match value.map(|value| find(template, value, &FUNCTION)) {
                Some(Found::Unknown(reason)) => mapping.view().note(&["FunctionName"], &reason),
                Some(Found::Other(other)) => {
                    let reason = format!("{} is not a function in the template", other.name);
                    mapping.view().note(&["FunctionName"], &reason);
                }
                Some(Found::Here(_)) | None => {}
            }
        }
        functions
    }

    fn new(template: &'t Template, resource: &'t Resource) -> Self {
        let (name, view) = (&*resource.name, resource.view());
        let job = job(resource, &view);
        let variables = view.members(&["Environment", "Variables"]);
        let is_worker =
            resource.binary == "worker" || variables.iter().any(|(name, _)| name.starts_with(SETTING));
        if job == Job::Worker && !is_worker {
            view.note(&[], "checked as a worker: neither its settings nor Metadata.BuildProperties.Binary say what it is");
        }
        if job == Job::Other && may_run_taskback(resource, &view) {
            view.note(&[], "it has no taskback settings, so it is not clear that it runs taskback");
        }
        let (listing, on_failure) = if job == Job::Other {
            (View { unknown: &template.ignored, ..view.clone() }, OnFailure::None)
        } else {
            (view.clone(), on_failure(template, name, &view))
        };
        let triggers = Triggers::read(template, resource, &listing);
        Self { name, resource, view, job, triggers, on_failure }
    }

    /// Returns an environment variable that is set and known; an empty value is unset.
    pub(super) fn env(&self, name: &str) -> Option<String> {
        self.view.text(&["Environment", "Variables", name]).filter(|value| !value.is_empty())
    }

    /// True if an environment variable may be set, but its value is unknown.
    pub(super) fn is_unknown(&self, name: &str) -> bool {
        matches!(self.view.peek(&["Environment", "Variables", name]), Known::Unknown(_))
    }

    /// The timeout in seconds; `None` = unknown.
    pub(super) fn timeout(&self) -> Option<f64> {
        self.view.number(&["Timeout"], 3.0)
    }

    /// The ledger setting, or its default; `None` = unknown.
    pub(super) fn ledger(&self) -> Option<String> {
        let ledger = self.env("TASKBACK_LEDGER");
        (!self.is_unknown("TASKBACK_LEDGER")).then(|| ledger.unwrap_or_else(|| "memory".to_owned()))
    }

    /// The DynamoDB table of its ledger.
    pub(super) fn table(&self) -> Option<String> {
        self.ledger()?.strip_prefix("dynamodb:").map(str::to_owned)
    }

    /// The queues of the template that receive its undeliverable events.
    pub(super) fn dead_letters(&self, template: &'t Template) -> Vec<&'t str> {
        if self.job != Job::Worker {
            return Vec::new();
        }
        let queues = self.triggers.sources.iter().filter_map(|source| source.queue);
        let redriven = queues.filter_map(|queue| queue.view().get(&["RedrivePolicy", "deadLetterTargetArn"]));
        let failed = match self.on_failure {
            OnFailure::To(failed) => Some(failed),
            OnFailure::None | OnFailure::Unknown => None,
        };
        let found = redriven.chain(failed).filter_map(|value| find(template, value, &QUEUE).into_resource());
        found.map(|queue| &*queue.name).collect()
    }
}

/// The beginning of the names of most settings.
const SETTING: &str = "TASKBACK_";

fn job(resource: &Resource, view: &View<'_>) -> Job {
    let is_set =
        |name: &str| view.text(&["Environment", "Variables", name]).is_some_and(|text| !text.is_empty());
    let pollers = || SERVICES.iter().filter_map(|service| service.poller.as_ref());
    let binary = |poller: &PollerNeeds| poller.binary == resource.binary;
    match &*resource.binary {
        "dead_letter" => Job::DeadLetters,
        "flow_control" => Job::FlowControl,
        _ if pollers().any(binary) => Job::Poller,
        _ if !runs_taskback(resource, view) => Job::Other,
        _ if pollers().any(|poller| is_set(poller.setting)) => Job::Poller,
        _ => Job::Worker,
    }
}

fn runs_taskback(resource: &Resource, view: &View<'_>) -> bool {
    let prefixes = SERVICES.iter().filter_map(|service| service.setting_prefix);
    let prefixes: Vec<_> = [SETTING].into_iter().chain(prefixes).collect();
    let variables = view.members(&["Environment", "Variables"]);
    resource.build_method == "rust-cargolambda"
        || variables.iter().any(|(name, _)| prefixes.iter().any(|prefix| name.starts_with(prefix)))
}

/// True for a function whose code may be anything: an image, or a runtime of its own.
fn may_run_taskback(resource: &Resource, view: &View<'_>) -> bool {
    let runtime = view.text(&["Runtime"]);
    let own = runtime.as_deref().is_none_or(|runtime| runtime.starts_with("provided"));
    let environment = matches!(view.peek(&["Environment", "Variables"]), Known::Unknown(_));
    own || environment || !resource.binary.is_empty()
}

/// The destination of asynchronous events that failed.
fn on_failure<'t>(template: &'t Template, name: &str, view: &View<'t>) -> OnFailure<'t> {
    let is_it = |view: &View<'t>| {
        let found =
            view.get(&["FunctionName"]).and_then(|value| find(template, value, &FUNCTION).into_resource());
        found.is_some_and(|found| found.name == name)
    };
    let configs = template.of_kind("AWS::Lambda::EventInvokeConfig").map(Resource::view).filter(is_it);
    let own = |path: &'static [&'static str]| (view.clone(), path);
    let places =
        configs.map(|config| (config, &["DestinationConfig", "OnFailure", "Destination"][..])).chain([
            own(&["EventInvokeConfig", "DestinationConfig", "OnFailure", "Destination"]),
            own(&["DeadLetterQueue", "TargetArn"]),
            own(&["DeadLetterConfig", "TargetArn"]),
        ]);
    for (view, path) in places {
        match view.peek(path) {
            Known::Absent => {}
            Known::Is(value) => return OnFailure::To(value),
            Known::Unknown(reason) => {
                view.note(path, &reason);
                return OnFailure::Unknown;
            }
        }
    }
    let made = ["EventInvokeConfig", "DestinationConfig", "OnFailure"];
    if view.lacks(&made) {
        return OnFailure::None;
    }
    view.note(&made, "its destination is made by SAM, and no function of the template can read it");
    OnFailure::Unknown
}

impl OnFailure<'_> {
    /// The destination as text, if it is known.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::To(value) if reason(value).is_none() => Some(text(value)),
            _ => None,
        }
    }
}
