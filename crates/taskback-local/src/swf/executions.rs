use serde_json::{Value, json};

use super::{Desk, unknown};
use crate::answer::{Refusal, uuid};
use crate::task::{End, Timeout};
use crate::{Activity, OpenTask, Outcome, TaskView};

/// The domain, task list and types of a task that names none.
pub(super) const DEFAULT_NAME: &str = "taskback";

/// One run of a workflow and what happened in it.
pub(super) struct Execution {
    pub(super) domain: String,
    pub(super) workflow_id: String,
    pub(super) run_id: String,
    pub(super) open: bool,
    pub(super) events: Vec<Value>,
}

impl Execution {
    fn start(domain: &str, workflow_id: &str, task_list: &str, at: f64) -> Self {
        let run_id = uuid();
        let mut run = Self {
            domain: domain.to_owned(),
            workflow_id: workflow_id.to_owned(),
            run_id,
            open: true,
            events: Vec::new(),
        };
        let started = json!({
            "childPolicy": "TERMINATE",
            "parentInitiatedEventId": 0,
            "taskList": { "name": task_list },
            "workflowType": { "name": DEFAULT_NAME, "version": "1" },
        });
        run.push("WorkflowExecutionStarted", at, started);
        run
    }

    /// Appends an event; `attributes` without a value are left out.
    pub(super) fn push(&mut self, kind: &str, at: f64, mut attributes: Value) -> i64 {
        if let Some(attributes) = attributes.as_object_mut() {
            attributes.retain(|_, value| !value.is_null());
        }
        let id = self.events.len() as i64 + 1;
        let (first, rest) = kind.split_at(1);
        let member = format!("{}{rest}EventAttributes", first.to_lowercase());
        self.events
            .push(json!({ "eventId": id, "eventTimestamp": at, "eventType": kind, member: attributes }));
        id
    }

    fn last_cancel_request(&self, activity: &Activity) -> Option<i64> {
        let of_ours = |event: &&Value| {
            event["activityTaskCancelRequestedEventAttributes"]["activityId"] == activity.activity_id.as_str()
        };
        self.events.iter().rev().find(of_ours).and_then(|event| event["eventId"].as_i64())
    }
}

impl Desk {
    /// Schedules an activity in an open execution of that workflow, or in a new one, and starts it:
    /// its token is out from now on.
    pub(crate) fn schedule(&mut self, task: &OpenTask, fingerprint: &str, at: f64) -> Activity {
        let domain = task.domain.as_deref().unwrap_or(DEFAULT_NAME);
        let task_list = task.task_list.as_deref().unwrap_or(DEFAULT_NAME);
        let activity_name = task.activity_type.as_deref().unwrap_or(DEFAULT_NAME);
        let workflow_id =
            task.workflow_id.clone().unwrap_or_else(|| format!("workflow-{}", self.executions.len() + 1));
        self.domains.insert(domain.to_owned());
        let same = |run: &Execution| run.open && run.domain == domain && run.workflow_id == workflow_id;
        let place = self.executions.iter().position(same).unwrap_or_else(|| {
            self.executions.push(Execution::start(domain, &workflow_id, task_list, at));
            self.executions.len() - 1
        });
        let run = &mut self.executions[place];
        let scheduled_event_id = run.events.len() as i64 + 1;
        let activity_id = task.activity_id.clone().unwrap_or_else(|| scheduled_event_id.to_string());
        let limit = |time: Option<std::time::Duration>| {
            time.map_or("NONE".to_owned(), |time| time.as_secs().to_string())
        };
        let scheduled = json!({
            "activityId": activity_id,
            "activityType": { "name": activity_name, "version": "1" },
            "decisionTaskCompletedEventId": 0,
            "heartbeatTimeout": limit(task.heartbeat),
            "input": task.swf_input(),
            "startToCloseTimeout": limit(task.timeout),
            "taskList": { "name": task_list },
        });
        run.push("ActivityTaskScheduled", at, scheduled);
        let started_event_id =
            run.push("ActivityTaskStarted", at, json!({ "scheduledEventId": scheduled_event_id }));
        self.unpolled.push_back(fingerprint.to_owned());
        Activity {
            domain: domain.to_owned(),
            workflow_id,
            run_id: run.run_id.clone(),
            task_list: task_list.to_owned(),
            activity_id,
            activity_name: activity_name.to_owned(),
            activity_version: "1".to_owned(),
            scheduled_event_id,
            started_event_id,
        }
    }

    /// A task that is opened again must not be polled twice.
    pub(crate) fn forget_unpolled(&mut self, fingerprint: &str) {
        self.unpolled.retain(|waiting| waiting != fingerprint);
    }

    /// A worker took the task by a poll: its start is of now, and bears the worker's name.
    pub(super) fn record_poll(&mut self, activity: &Activity, identity: Option<&str>, at: f64) {
        let Some(run) = self.run(&activity.run_id) else { return };
        let Some(event) = run.events.get_mut(activity.started_event_id as usize - 1) else { return };
        event["eventTimestamp"] = at.into();
        if let Some(identity) = identity {
            event["activityTaskStartedEventAttributes"]["identity"] = identity.into();
        }
    }

    pub(crate) fn record_cancel(&mut self, task: &TaskView, at: f64) {
        let Some((activity, run)) = self.run_of(task) else { return };
        let wanted = json!({ "activityId": activity.activity_id, "decisionTaskCompletedEventId": 0 });
        run.push("ActivityTaskCancelRequested", at, wanted);
    }

    pub(crate) fn record_end(&mut self, task: &TaskView, end: &End, at: f64) {
        let Some((activity, run)) = self.run_of(task) else { return };
        let (kind, mut attributes) = match end {
            End::Told(Outcome::Succeeded { output }) => {
                ("ActivityTaskCompleted", json!({ "result": output }))
            }
            End::Told(Outcome::Failed { error, cause }) => {
                ("ActivityTaskFailed", json!({ "reason": error, "details": cause }))
            }
            End::Told(Outcome::Canceled { details }) => {
                let asked = run.last_cancel_request(activity);
                ("ActivityTaskCanceled", json!({ "details": details, "latestCancelRequestedEventId": asked }))
            }
            End::TimedOut(timeout) => {
                let timeout = match timeout {
                    Timeout::StartToClose => "START_TO_CLOSE",
                    Timeout::Heartbeat => "HEARTBEAT",
                };
                ("ActivityTaskTimedOut", json!({ "timeoutType": timeout, "details": task.progress }))
            }
            // The workflow's own end stands in the history, not that of its tasks.
            End::WorkflowGone | End::CanceledHere => return,
        };
        attributes["scheduledEventId"] = activity.scheduled_event_id.into();
        attributes["startedEventId"] = activity.started_event_id.into();
        run.push(kind, at, attributes);
    }

    pub(super) fn check_domain(&self, domain: &str) -> Result<(), Refusal> {
        match self.domains.contains(domain) {
            true => Ok(()),
            false => Err(unknown(format!("Unknown domain: {domain}"))),
        }
    }

    pub(super) fn is_open(&self, activity: &Activity) -> bool {
        self.executions.iter().any(|run| run.open && run.run_id == activity.run_id)
    }

    pub(super) fn run(&mut self, run_id: &str) -> Option<&mut Execution> {
        self.executions.iter_mut().rev().find(|run| run.run_id == run_id)
    }

    fn run_of<'t>(&mut self, task: &'t TaskView) -> Option<(&'t Activity, &mut Execution)> {
        let activity = task.activity.as_ref()?;
        self.run(&activity.run_id).map(|run| (activity, run))
    }
}
