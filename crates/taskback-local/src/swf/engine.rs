//! SWF's rules: activities are scheduled in workflow executions, whose history records their end.

use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::json;
use tokio::time::Instant;

use super::activity::Activity;
use super::execution::{DEFAULT_NAME, WorkflowExecution};
use super::limits::{MAX_DATA, MAX_NAME};
use super::operation::OPERATIONS;
use super::state::SwfState;
use crate::effect::Effect;
use crate::engine::{Engine, Scheduled};
use crate::error::AdminError;
use crate::open::OpenTask;
use crate::operation::Operation;
use crate::state::LocalState;
use crate::task::{ReportedOutcome, TaskEnd, TaskView, TimeoutKind};

pub(crate) struct SwfEngine;

impl Engine for SwfEngine {
    fn operations(&self) -> Vec<Operation> {
        OPERATIONS.iter().map(|operation| operation.spec).collect()
    }

    fn special_fields(&self) -> &'static [&'static str] {
        &["domain", "taskList", "workflowId", "activityId", "activityType", "heartbeatSeconds"]
    }

    fn check(&self, task: &OpenTask) -> Result<(), AdminError> {
        if worker_input(task).encode_utf16().count() > MAX_DATA {
            return Err(AdminError::invalid(format!("input: swf takes at most {MAX_DATA} characters")));
        }
        let is_invalid = |name: &str| name.is_empty() || name.encode_utf16().count() > MAX_NAME;
        match task.names().into_iter().find(|(_, name)| name.is_some_and(is_invalid)) {
            Some((field, _)) => {
                Err(AdminError::invalid(format!("{field}: must have 1 to {MAX_NAME} characters")))
            }
            None => Ok(()),
        }
    }

    /// A token that is long and Base64, like SWF's own.
    fn new_token(&self) -> String {
        let bytes: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(190).collect();
        BASE64_STANDARD.encode(bytes)
    }

    fn schedule(
        &self,
        state: &mut LocalState,
        task: &OpenTask,
        fingerprint: &str,
        now: Instant,
    ) -> Scheduled {
        // A task that is opened again must not be polled twice.
        state.swf.unpolled.retain(|unpolled| unpolled != fingerprint);
        let activity = schedule(&mut state.swf, task, state.clock.epoch_seconds(now));
        state.swf.unpolled.push_back(fingerprint.to_owned());
        Scheduled { input: worker_input(task), activity: Some(activity), ..Scheduled::default() }
    }

    /// Requests the cancellation, which the next heartbeat reports.
    fn cancel(&self, state: &mut LocalState, fingerprint: &str, now: Instant) -> Vec<Effect> {
        let Some(task) = state.tasks.get_mut(fingerprint) else { return Vec::new() };
        if task.view.cancel_requested {
            return Vec::new();
        }
        task.view.cancel_requested = true;
        if let Some((activity, execution)) = find(&mut state.swf, &task.view) {
            let at = state.clock.epoch_seconds(now);
            let requested = json!({ "activityId": activity.activity_id, "decisionTaskCompletedEventId": 0 });
            execution.push("ActivityTaskCancelRequested", at, requested);
        }
        Vec::new()
    }

    fn task_closed(
        &self,
        state: &mut LocalState,
        fingerprint: &str,
        end: &TaskEnd,
        at: Instant,
    ) -> Vec<Effect> {
        if let Some(task) = state.tasks.get(fingerprint)
            && let Some((activity, execution)) = find(&mut state.swf, &task.view)
        {
            record_end(execution, activity, &task.view, end, state.clock.epoch_seconds(at));
        }
        Vec::new()
    }
}

/// Schedules an activity in the open execution of its workflow, or in a new one, and starts it,
/// because its token can be used at once.
fn schedule(state: &mut SwfState, task: &OpenTask, at: f64) -> Activity {
    let domain = task.domain.as_deref().unwrap_or(DEFAULT_NAME);
    let task_list = task.task_list.as_deref().unwrap_or(DEFAULT_NAME);
    let activity_name = task.activity_type.as_deref().unwrap_or(DEFAULT_NAME);
    let workflow_id =
        task.workflow_id.clone().unwrap_or_else(|| format!("workflow-{}", state.executions.len() + 1));
    state.domains.insert(domain.to_owned());
    let matches = |execution: &WorkflowExecution| {
        execution.is_open && execution.domain == domain && execution.workflow_id == workflow_id
    };
    let index = state.executions.iter().position(matches).unwrap_or_else(|| {
        state.executions.push(WorkflowExecution::start(domain, &workflow_id, task_list, at));
        state.executions.len() - 1
    });
    let execution = &mut state.executions[index];
    let scheduled_event_id = execution.next_event_id();
    let activity_id = task.activity_id.clone().unwrap_or_else(|| scheduled_event_id.to_string());
    let limit = |time: Option<Duration>| time.map_or("NONE".to_owned(), |time| time.as_secs().to_string());
    let scheduled = json!({
        "activityId": activity_id,
        "activityType": { "name": activity_name, "version": "1" },
        "decisionTaskCompletedEventId": 0,
        "heartbeatTimeout": limit(task.heartbeat),
        "input": worker_input(task),
        "startToCloseTimeout": limit(task.timeout),
        "taskList": { "name": task_list },
    });
    execution.push("ActivityTaskScheduled", at, scheduled);
    let started = json!({ "scheduledEventId": scheduled_event_id });
    let started_event_id = execution.push("ActivityTaskStarted", at, started);
    Activity {
        domain: domain.to_owned(),
        workflow_id,
        run_id: execution.run_id.clone(),
        task_list: task_list.to_owned(),
        activity_id,
        activity_name: activity_name.to_owned(),
        activity_version: "1".to_owned(),
        scheduled_event_id,
        started_event_id,
    }
}

fn record_end(
    execution: &mut WorkflowExecution,
    activity: &Activity,
    task: &TaskView,
    end: &TaskEnd,
    at: f64,
) {
    let (event_type, mut attributes) = match end {
        TaskEnd::Reported(ReportedOutcome::Succeeded { output }) => {
            ("ActivityTaskCompleted", json!({ "result": output }))
        }
        TaskEnd::Reported(ReportedOutcome::Failed { error, cause }) => {
            ("ActivityTaskFailed", json!({ "reason": error, "details": cause }))
        }
        TaskEnd::Reported(ReportedOutcome::Canceled { details }) => {
            let request = execution.last_cancel_request(activity);
            ("ActivityTaskCanceled", json!({ "details": details, "latestCancelRequestedEventId": request }))
        }
        TaskEnd::TimedOut(timeout) => {
            let timeout = match timeout {
                TimeoutKind::StartToClose => "START_TO_CLOSE",
                TimeoutKind::Heartbeat => "HEARTBEAT",
            };
            ("ActivityTaskTimedOut", json!({ "timeoutType": timeout, "details": task.progress }))
        }
        // The history has the end of the workflow, and no end of its tasks.
        TaskEnd::WorkflowEnded | TaskEnd::CanceledByTest => return,
    };
    attributes["scheduledEventId"] = activity.scheduled_event_id.into();
    attributes["startedEventId"] = activity.started_event_id.into();
    execution.push(event_type, at, attributes);
}

fn find<'a>(
    state: &'a mut SwfState,
    task: &'a TaskView,
) -> Option<(&'a Activity, &'a mut WorkflowExecution)> {
    let activity = task.activity.as_ref()?;
    state.execution(&activity.run_id).map(|execution| (activity, execution))
}

/// The input as the worker gets it: a JSON string as bare text, any other JSON unchanged.
fn worker_input(task: &OpenTask) -> String {
    serde_json::from_str(&task.input).unwrap_or_else(|_| task.input.clone())
}
