//! GetExecutionHistory, and the events of tasks.

use serde_json::{Value, json};

use super::execution::Execution;
use super::limits::{MAX_ARN, MAX_PAGE};
use super::refusal::{invalid_arn, unknown_execution};
use super::waiting_state::WaitingState;
use crate::aws_json::members::Members;
use crate::aws_json::refusal::invalid;
use crate::effect::OperationResult;
use crate::open::OpenTask;
use crate::response::Refusal;
use crate::state::LocalState;
use crate::task::{ReportedOutcome, TaskEnd};

/// GetExecutionHistory, page by page; the token of the next one is its first event's place.
pub(super) fn get(state: &mut LocalState, mut members: Members<'_>) -> OperationResult {
    let arn = members.require("executionArn", MAX_ARN);
    let page = members.number("maxResults", 0, MAX_PAGE).filter(|max| *max > 0).unwrap_or(100);
    let next = members.text("nextToken", 1024);
    let newest_first = members.flag("reverseOrder");
    members.check()?;
    if !arn.contains(":execution:") {
        return Err(invalid_arn(arn));
    }
    let execution = state.sfn.execution(arn).ok_or_else(|| unknown_execution(arn))?;
    let mut events = execution.events.clone();
    if newest_first {
        events.reverse();
    }
    let first = next.map_or(Ok(0), |token| token.parse::<usize>().map_err(|_| invalid_page()))?;
    let end = events.len().min(first.saturating_add(page as usize));
    let mut body = json!({ "events": events.get(first..end).unwrap_or_default() });
    if end < events.len() {
        body["nextToken"] = end.to_string().into();
    }
    Ok(body.into())
}

/// Enters a state and schedules its task. Returns the id of the event that scheduled it.
pub(super) fn record_schedule(
    execution: &mut Execution,
    task: &OpenTask,
    state_name: &str,
    input: &str,
    at: f64,
) -> i64 {
    let entered = json!({ "name": state_name, "input": input });
    let entered = execution.push("TaskStateEntered", 1, at, entered);
    let timeout = task.timeout.map(|time| time.as_secs());
    let heartbeat = task.heartbeat.map(|time| time.as_secs());
    if let Some(arn) = &task.activity_arn {
        let scheduled = json!({
            "resource": arn, "input": input, "timeoutInSeconds": timeout, "heartbeatInSeconds": heartbeat,
        });
        return execution.push("ActivityScheduled", entered, at, scheduled);
    }
    // As on AWS, the history shows the token.
    let token = task.token.as_ref().map(|token| token.expose());
    let queue = "https://sqs.us-east-1.amazonaws.com/123456789012/tasks";
    let parameters = json!({
        "QueueUrl": queue,
        "MessageBody": { "taskToken": token, "input": serde_json::from_str::<Value>(input).unwrap_or_default() },
    });
    let scheduled = json!({
        "resourceType": "sqs", "resource": SQS, "region": "us-east-1", "parameters": parameters.to_string(),
        "timeoutInSeconds": timeout, "heartbeatInSeconds": heartbeat,
    });
    let scheduled = execution.push("TaskScheduled", entered, at, scheduled);
    let resource = json!({ "resourceType": "sqs", "resource": SQS });
    let started = execution.push("TaskStarted", scheduled, at, resource.clone());
    execution.push("TaskSubmitted", started, at, resource);
    scheduled
}

/// Records that a worker got the task of an activity.
pub(super) fn record_start(execution: &mut Execution, task: &WaitingState, worker: Option<&str>, at: f64) {
    let last = execution.last_of(task.scheduled_event_id);
    execution.push("ActivityStarted", last, at, json!({ "workerName": worker }));
}

pub(super) fn record_end(execution: &mut Execution, task: &WaitingState, end: &TaskEnd, at: f64) {
    let (kind, mut details) = match end {
        TaskEnd::Reported(ReportedOutcome::Succeeded { output }) => {
            ("Succeeded", json!({ "output": output, "outputDetails": { "truncated": false } }))
        }
        TaskEnd::Reported(ReportedOutcome::Failed { error, cause }) => {
            ("Failed", json!({ "error": error, "cause": cause }))
        }
        TaskEnd::TimedOut(_) => ("TimedOut", json!({ "error": "States.Timeout" })),
        // The history has the end of the execution, and no end of its tasks; Step Functions has no report of a
        // cancellation.
        TaskEnd::Reported(ReportedOutcome::Canceled { .. })
        | TaskEnd::WorkflowEnded
        | TaskEnd::CanceledByTest => return,
    };
    let last = execution.last_of(task.scheduled_event_id);
    let scope = if task.activity_arn.is_some() {
        "Activity"
    } else {
        details["resourceType"] = "sqs".into();
        details["resource"] = SQS.into();
        "Task"
    };
    let ended = execution.push(&format!("{scope}{kind}"), last, at, details);
    if kind == "Succeeded" {
        execution.push("TaskStateExited", ended, at, json!({ "name": task.state_name }));
    }
}

const SQS: &str = "sendMessage.waitForTaskToken";

fn invalid_page() -> Refusal {
    invalid("Invalid token")
}
