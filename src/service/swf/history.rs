//! Who closed a task: only the workflow's history can tell.

use aws_sdk_swf::Client;
use aws_sdk_swf::types::{EventType, HistoryEvent, WorkflowExecution};
use taskback_core::swf::{self, Report};
use taskback_core::{Execution, Ours, Outcome};

/// Whether the task was closed with `outcome`. `None` where the message does not name the task, or
/// the history could not be read.
pub(super) async fn closed_by(client: &Client, execution: &Execution, outcome: &Outcome) -> Option<Ours> {
    let domain = execution.domain.as_ref()?;
    let started = execution.started_event_id?;
    let workflow = WorkflowExecution::builder()
        .workflow_id(execution.workflow_id.as_ref()?)
        .run_id(execution.run_id.as_ref()?)
        .build()
        .ok()?;
    // The end of an activity is near the end of its history.
    let call = client.get_workflow_execution_history().domain(domain).execution(workflow).reverse_order(true);
    let mut page = None;
    loop {
        let answer = call.clone().set_next_page_token(page).send().await.ok()?;
        let end = answer.events.iter().find(|event| ended(event) == Some(started));
        if let Some(event) = end {
            return Some(if tells(event, outcome) { Ours::Known } else { Ours::No });
        }
        // Before its start there is no end of it: the workflow was closed over the open task.
        if answer.events.iter().any(|event| event.event_id <= started) {
            return Some(Ours::No);
        }
        page = Some(answer.next_page_token?);
    }
}

/// The start that this event is the end of.
fn ended(event: &HistoryEvent) -> Option<i64> {
    let completed = event.activity_task_completed_event_attributes().map(|end| end.started_event_id);
    let failed = event.activity_task_failed_event_attributes().map(|end| end.started_event_id);
    let canceled = event.activity_task_canceled_event_attributes().map(|end| end.started_event_id);
    let timed_out = event.activity_task_timed_out_event_attributes().map(|end| end.started_event_id);
    completed.or(failed).or(canceled).or(timed_out)
}

fn tells(event: &HistoryEvent, outcome: &Outcome) -> bool {
    let same =
        |there: Option<&str>, ours: Option<&str>| there.unwrap_or_default() == ours.unwrap_or_default();
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
