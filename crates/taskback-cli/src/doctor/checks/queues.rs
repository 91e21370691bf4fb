//! Queues: a message is hidden long enough, comes often enough, and ends where somebody tells its task.

use std::collections::BTreeSet;

use crate::doctor::finding::Finding;
use crate::doctor::function::{Function, Job, Source};
use crate::doctor::intrinsics::target;
use crate::doctor::template::{QUEUE, Resource, Template, number};

pub(super) fn check(
    template: &Template,
    function: &Function<'_>,
    findings: &mut Vec<Finding>,
    unknown: &mut BTreeSet<String>,
) {
    for source in &function.sources {
        if source.is_partial() == Some(false) {
            findings.push(Finding::new(
                "TB001",
                function.name,
                "Lambda deletes the messages that its answer names as failed: it does not ask for ReportBatchItemFailures",
                "add FunctionResponseTypes: [ReportBatchItemFailures] to the event source",
            ));
        }
        let Some((name, queue)) = source.queue.and_then(|name| Some((name, template.get(name, QUEUE)?)))
        else {
            unknown.insert(format!("a queue of {}, which is not in the template", function.name));
            continue;
        };
        findings.extend(visibility(function, source, name, queue));
        if function.job != Job::DeadLetters {
            let dead = queue.at(&["RedrivePolicy", "deadLetterTargetArn"]);
            if dead.is_string() && target(dead).and_then(|dead| template.get(dead, QUEUE)).is_none() {
                unknown.insert(format!("the dead letters of {name}, whose queue is not in the template"));
            }
            findings.extend(redrive(template, function, source, name, queue));
        }
    }
}

/// The dead letters that nobody reads.
pub(super) fn unhandled(template: &Template, functions: &[Function<'_>]) -> Vec<Finding> {
    let read = |queue: &str| {
        let handlers = functions.iter().filter(|function| function.job == Job::DeadLetters);
        handlers.flat_map(|handler| &handler.sources).any(|source| source.queue == Some(queue))
    };
    let dead: BTreeSet<_> = functions.iter().flat_map(|function| function.dead_letters(template)).collect();
    // On the memory ledger there is no handler that could know what was decided.
    let none = dead.into_iter().filter(|queue| !read(queue));
    none.map(|queue| {
        Finding::new(
            "TB006",
            queue,
            "no function tells the tasks of its dead letters: their workflows wait until a timeout, or for ever",
            "add a function with the binary dead_letter, the worker's DynamoDB ledger, and this queue as its source",
        )
    })
    .collect()
}

fn visibility(function: &Function<'_>, source: &Source<'_>, name: &str, queue: &Resource) -> Option<Finding> {
    let (timeout, window) = (function.timeout()?, source.window()?);
    let needed = 6.0 * timeout + window;
    let hidden = queue.properties.get("VisibilityTimeout").map_or(Some(30.0), number)?;
    if hidden >= needed {
        return None;
    }
    let reason = format!(
        "a message is hidden for {hidden} s, and {} may take {timeout} s an invocation, after a window of {window} s: \
         it comes again while it is worked on, and its receives are used up",
        function.name
    );
    let mend = format!(
        "set VisibilityTimeout to {needed} or more: six times the function's timeout, and the window"
    );
    Some(Finding::new("TB002", name, reason, mend))
}

fn redrive(
    template: &Template,
    function: &Function<'_>,
    source: &Source<'_>,
    name: &str,
    queue: &Resource,
) -> Vec<Finding> {
    let Some(policy) = queue.properties.get("RedrivePolicy") else {
        return vec![Finding::new(
            "TB005",
            name,
            "a message that nobody can settle comes back until its retention is over, and then it is gone",
            "add a RedrivePolicy with a dead-letter queue, and the handler dead_letter on that",
        )];
    };
    let dead =
        target(&policy["deadLetterTargetArn"]).and_then(|dead| Some((dead, template.get(dead, QUEUE)?)));
    [
        receives(function, source, name, queue, &policy["maxReceiveCount"]),
        dead.and_then(|(dead, resource)| retention(name, queue, dead, resource)),
    ]
    .into_iter()
    .flatten()
    .chain(differs(function, name, &policy["maxReceiveCount"]))
    .collect()
}

fn receives(
    function: &Function<'_>,
    source: &Source<'_>,
    name: &str,
    queue: &Resource,
    most: &serde_json::Value,
) -> Option<Finding> {
    let most = number(most)?;
    let in_groups = queue.at(&["FifoQueue"]) == true && source.batch_size()? > 1.0;
    let (least, why) = match in_groups {
        true => (
            10.0,
            "a message of a FIFO group that is kept sends those behind it back too, and counts a receive of each",
        ),
        false => (3.0, "a throttled report or a function that was cut off uses up receives"),
    };
    let mend = if in_groups {
        "set maxReceiveCount to 10 or more, or BatchSize to 1"
    } else {
        "set maxReceiveCount to 3 or more"
    };
    (most < least).then(|| {
        let reason = format!(
            "after {most} receives a message is a dead letter: {why}; {} gets too few tries",
            function.name
        );
        Finding::new("TB003", name, reason, mend)
    })
}

fn differs(function: &Function<'_>, name: &str, most: &serde_json::Value) -> Option<Finding> {
    let (setting, most) = (function.env("TASKBACK_MAX_RECEIVES")?, number(most)?);
    (setting.parse() != Ok(most)).then(|| {
        Finding::new(
            "TB004",
            function.name,
            format!(
                "TASKBACK_MAX_RECEIVES is {setting}, and the maxReceiveCount of {name} is {most}: what could be tried \
                 again is told as failed too early, or never"
            ),
            format!("set TASKBACK_MAX_RECEIVES to {most}"),
        )
    })
}

/// A standard queue's message keeps the time at which it was first sent.
fn retention(name: &str, queue: &Resource, dead: &str, letters: &Resource) -> Option<Finding> {
    let (own, theirs) = (kept(queue)?, kept(letters)?);
    (theirs <= own && queue.at(&["FifoQueue"]) != true).then(|| {
        Finding::new(
            "TB017",
            dead,
            format!(
                "it keeps a message for {theirs} s since it was first sent, and {name} for {own} s: one that was there to \
                 the end is gone as it arrives here"
            ),
            format!("set MessageRetentionPeriod of {dead} to more than {own}; 1209600 is the longest"),
        )
    })
}

/// For how many seconds a queue keeps a message.
pub(super) fn kept(queue: &Resource) -> Option<f64> {
    queue.properties.get("MessageRetentionPeriod").map_or(Some(345_600.0), number)
}
