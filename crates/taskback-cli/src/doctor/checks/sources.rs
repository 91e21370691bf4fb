//! Checks of what invokes a function: nothing is deleted, dropped or refused.

use crate::doctor::finding::Finding;
use crate::doctor::function::{Function, Job, OnFailure};

pub(super) fn check(function: &Function<'_>, findings: &mut Vec<Finding>) {
    for source in &function.triggers.sources {
        if source.is_partial() == Some(false) {
            findings.push(Finding::new(
                "TB001",
                function.name,
                "the event source does not use ReportBatchItemFailures, so Lambda deletes the messages that failed",
                "add FunctionResponseTypes: [ReportBatchItemFailures] to the event source",
            ));
        }
        if source.has_filter() {
            findings.push(Finding::new(
                "TB020",
                function.name,
                format!(
                    "{} has FilterCriteria: messages that do not match are deleted, and their tasks are never reported",
                    source.view.label.trim_end_matches(".Properties")
                ),
                "remove FilterCriteria, and send other messages to another queue",
            ));
        }
    }
    for (trigger, what) in &function.triggers.foreign {
        findings.push(Finding::new(
            "TB021",
            function.name,
            format!("{trigger} is {what}, which taskback does not read: every event of it fails"),
            format!("remove {trigger}, and send the tasks to a queue"),
        ));
    }
    // A poller's schedule carries no task.
    if function.job == Job::Poller {
        return;
    }
    if !function.triggers.asynchronous.is_empty() && matches!(function.on_failure, OnFailure::None) {
        let fix = match function.job {
            Job::FlowControl => "add an OnFailure destination: a queue, with an alarm on its messages",
            _ => "add an OnFailure destination: a queue that a function with the binary dead_letter reads",
        };
        findings.push(Finding::new(
            "TB016",
            function.name,
            "it is invoked asynchronously, and Lambda drops an event after three failed attempts",
            fix,
        ));
    }
}
