//! Checks of queues: enough receives, and a handler for dead letters.

use std::collections::BTreeSet;

use super::retention::{expires, expires_on_arrival};
use super::visibility::visibility;
use crate::doctor::finding::Finding;
use crate::doctor::function::{Function, Job, OnFailure};
use crate::doctor::names::{Found, QUEUE, find};
use crate::doctor::source::Source;
use crate::doctor::template::{Resource, Template};

const MAX_RECEIVES: &str = "TASKBACK_MAX_RECEIVES";
const DEAD_LETTERS: [&str; 2] = ["RedrivePolicy", "deadLetterTargetArn"];
const RECEIVES: [&str; 2] = ["RedrivePolicy", "maxReceiveCount"];

pub(super) fn check(template: &Template, function: &Function<'_>, findings: &mut Vec<Finding>) {
    for source in &function.triggers.sources {
        // A queue elsewhere is listed as unknown where it is read.
        let Some(queue) = source.queue else { continue };
        findings.extend(visibility(function, source, queue));
        if function.job == Job::DeadLetters {
            continue;
        }
        findings.extend(redrive(template, function, source, queue));
        if function.job == Job::FlowControl && !queue.view().lacks(&["RedrivePolicy"]) {
            let reason = format!(
                "a message that is redriven from the dead-letter queue of {} gets a new id, so a start without an \
                 executionName begins a second execution; whether every start has a name is in no template",
                queue.name
            );
            function.view.note(&[], &reason);
        }
    }
}

/// The dead-letter queues without a handler.
pub(super) fn unhandled(template: &Template, functions: &[Function<'_>]) -> Vec<Finding> {
    let readers = |queue: &str, is_handler: bool| {
        let of_kind =
            functions.iter().filter(move |function| (function.job == Job::DeadLetters) == is_handler);
        let is_it = |source: &Source<'_>| source.queue.is_some_and(|own| own.name == queue);
        let mut readers = of_kind.filter(|function| function.triggers.sources.iter().any(is_it));
        readers.next()
    };
    let dead: BTreeSet<_> = functions.iter().flat_map(|function| function.dead_letters(template)).collect();
    let mut findings = Vec::new();
    for queue in dead.into_iter().filter(|queue| readers(queue, true).is_none()) {
        // With the memory ledger a handler cannot know the decided outcomes.
        let reason = "no function reports the tasks of its dead letters: their workflows wait for a timeout, or forever";
        let fix = "add a function with the binary dead_letter, the worker's DynamoDB ledger, and this queue as its event source";
        match readers(queue, false).filter(|reader| reader.job == Job::Other) {
            Some(reader) => {
                template.unknown.add(queue, &format!("{} may report its dead letters", reader.name))
            }
            None => findings.push(Finding::new("TB006", queue, reason, fix)),
        }
    }
    for function in functions.iter().filter(|function| function.job != Job::Other) {
        if let OnFailure::To(value) = function.on_failure
            && find(template, value, &QUEUE).into_resource().is_none()
        {
            function.view.note(&[], "the destination of its failed events is not a queue in the template");
        }
    }
    findings
}

fn redrive(
    template: &Template,
    function: &Function<'_>,
    source: &Source<'_>,
    queue: &Resource,
) -> Vec<Finding> {
    let (name, view) = (&*queue.name, queue.view());
    if view.lacks(&["RedrivePolicy"]) {
        return vec![Finding::new(
            "TB005",
            name,
            "a message that cannot be processed is redelivered until its retention ends, and is then lost",
            "add a RedrivePolicy with a dead-letter queue, and a function with the binary dead_letter that reads it",
        )];
    }
    let dead = match view.get(&DEAD_LETTERS).map(|value| find(template, value, &QUEUE)) {
        Some(Found::Here(dead)) => Some(dead),
        Some(Found::Unknown(reason)) => {
            view.note(&DEAD_LETTERS, &reason);
            None
        }
        Some(Found::Other(other)) => {
            view.note(&DEAD_LETTERS, &format!("{} is not a queue", other.name));
            None
        }
        None => None,
    };
    if view.lacks(&DEAD_LETTERS) || view.lacks(&RECEIVES) {
        view.note(&["RedrivePolicy"], "deadLetterTargetArn or maxReceiveCount is not set");
        return Vec::new();
    }
    let max = view.number(&RECEIVES, 0.0);
    let found = max.map(|max| {
        [receives(function, source, queue, max), expires(function, queue, max), differs(function, name, max)]
    });
    let mut findings: Vec<_> = found.into_iter().flatten().flatten().collect();
    findings.extend(dead.and_then(|dead| expires_on_arrival(queue, dead)));
    findings
}

fn receives(function: &Function<'_>, source: &Source<'_>, queue: &Resource, max: f64) -> Option<Finding> {
    let in_groups = queue.view().flag(&["FifoQueue"])? && source.batch_size()? > 1.0;
    let (min, cause, fix) = if in_groups {
        (
            10.0,
            "a nacked message of a FIFO group also nacks the messages behind it, which counts a receive of each",
            "set maxReceiveCount to 10 or more, or BatchSize to 1",
        )
    } else {
        (
            3.0,
            "a throttled report or an invocation that was cut off uses up a receive",
            "set maxReceiveCount to 3 or more",
        )
    };
    (max < min).then(|| {
        let reason = format!(
            "a message becomes a dead letter after {max} receives, too few for {}: {cause}",
            function.name
        );
        Finding::new("TB003", &queue.name, reason, fix)
    })
}

fn differs(function: &Function<'_>, name: &str, max: f64) -> Option<Finding> {
    let setting = function.env(MAX_RECEIVES)?;
    (setting.parse() != Ok(max)).then(|| {
        Finding::new(
            "TB004",
            function.name,
            format!(
                "TASKBACK_MAX_RECEIVES is {setting}, but the maxReceiveCount of {name} is {max}: retryable failures are \
                 reported too early, or never"
            ),
            format!("set TASKBACK_MAX_RECEIVES to {max}"),
        )
    })
}
