//! The party that closed a task, which only the workflow's history can tell.

use std::collections::HashSet;

use aws_sdk_swf::Client;
use aws_sdk_swf::types::{EventType, HistoryEvent, WorkflowExecution};
use taskback_core::swf::{self, Report};
use taskback_core::{ClosedBy, Execution, Outcome};

use crate::service::history_page::answered;

/// The maximum of pages, of 1000 events each; a history has 25,000 events at most (SWF's quota).
const MAX_PAGES: usize = 100;

/// Compares the end of the task with `outcome`. `None` where the message does not name the task, or
/// the history could not be read.
pub(super) async fn closed_by(client: &Client, execution: &Execution, outcome: &Outcome) -> Option<ClosedBy> {
    let domain = execution.text(swf::DOMAIN)?;
    let started = execution.number(swf::STARTED_EVENT_ID)?;
    let workflow = WorkflowExecution::builder()
        .workflow_id(execution.text(swf::WORKFLOW_ID)?)
        .run_id(execution.text(swf::RUN_ID)?)
        .build()
        .ok()?;
    // The end of an activity is near the end of its history.
    let call = client.get_workflow_execution_history().domain(domain).execution(workflow).reverse_order(true);
    let (mut page, mut seen) = (None, HashSet::new());
    while seen.len() < MAX_PAGES {
        let answer = answered(|| call.clone().set_next_page_token(page.clone()).send()).await?;
        let end = answer.events.iter().find(|event| ended(event) == Some(started));
        if let Some(event) = end {
            return Some(if is_end_with(event, outcome) { ClosedBy::Us } else { ClosedBy::Other });
        }
        // There is no end before its start: the workflow was closed over the open task.
        if answer.events.iter().any(|event| event.event_id <= started) {
            return Some(ClosedBy::Other);
        }
        let next = answer.next_page_token?;
        // A page that leads back to an earlier one has no end.
        if !seen.insert(next.clone()) {
            return None;
        }
        page = Some(next);
    }
    None
}

/// The id of the start whose end this event is.
fn ended(event: &HistoryEvent) -> Option<i64> {
    let completed = event.activity_task_completed_event_attributes().map(|end| end.started_event_id);
    let failed = event.activity_task_failed_event_attributes().map(|end| end.started_event_id);
    let canceled = event.activity_task_canceled_event_attributes().map(|end| end.started_event_id);
    let timed_out = event.activity_task_timed_out_event_attributes().map(|end| end.started_event_id);
    completed.or(failed).or(canceled).or(timed_out)
}

/// Whether the event ends the task with that outcome.
fn is_end_with(event: &HistoryEvent, outcome: &Outcome) -> bool {
    let same = |recorded: Option<&str>, reported: Option<&str>| {
        recorded.unwrap_or_default() == reported.unwrap_or_default()
    };
    match (event.event_type(), swf::report(outcome)) {
        (EventType::ActivityTaskCompleted, Some(Report::Completed { result })) => event
            .activity_task_completed_event_attributes()
            .is_some_and(|end| same(end.result(), Some(&result))),
        (EventType::ActivityTaskFailed, Some(Report::Failed { reason, details })) => event
            .activity_task_failed_event_attributes()
            .is_some_and(|end| same(end.reason(), Some(&reason)) && same(end.details(), details.as_deref())),
        (EventType::ActivityTaskCanceled, Some(Report::Canceled { details })) => event
            .activity_task_canceled_event_attributes()
            .is_some_and(|end| same(end.details(), details.as_deref())),
        _ => false,
    }
}
