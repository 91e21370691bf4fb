use serde_json::{Value, json};

use super::activity::Activity;
use crate::uuid::uuid;

/// The default domain, task list and type names.
pub(super) const DEFAULT_NAME: &str = "taskback";

/// One execution of a workflow and its history.
pub(super) struct WorkflowExecution {
    pub(super) domain: String,
    pub(super) workflow_id: String,
    pub(super) run_id: String,
    pub(super) is_open: bool,
    pub(super) events: Vec<Value>,
}

impl WorkflowExecution {
    pub(super) fn start(domain: &str, workflow_id: &str, task_list: &str, at: f64) -> Self {
        let mut execution = Self {
            domain: domain.to_owned(),
            workflow_id: workflow_id.to_owned(),
            run_id: uuid(),
            is_open: true,
            events: Vec::new(),
        };
        let started = json!({
            "childPolicy": "TERMINATE",
            "parentInitiatedEventId": 0,
            "taskList": { "name": task_list },
            "workflowType": { "name": DEFAULT_NAME, "version": "1" },
        });
        execution.push("WorkflowExecutionStarted", at, started);
        execution
    }

    /// Appends an event and returns its id. `attributes` without a value are left out.
    pub(super) fn push(&mut self, event_type: &str, at: f64, mut attributes: Value) -> i64 {
        if let Some(attributes) = attributes.as_object_mut() {
            attributes.retain(|_, value| !value.is_null());
        }
        let id = self.next_event_id();
        let (first, rest) = event_type.split_at(1);
        let member = format!("{}{rest}EventAttributes", first.to_lowercase());
        self.events.push(
            json!({ "eventId": id, "eventTimestamp": at, "eventType": event_type, member: attributes }),
        );
        id
    }

    pub(super) fn next_event_id(&self) -> i64 {
        self.events.len() as i64 + 1
    }

    /// Sets the time and the worker of an activity's start, when the worker polls its task.
    pub(super) fn record_poll(&mut self, activity: &Activity, identity: Option<&str>, at: f64) {
        let Some(event) = self.events.get_mut(activity.started_event_id as usize - 1) else { return };
        event["eventTimestamp"] = at.into();
        if let Some(identity) = identity {
            event["activityTaskStartedEventAttributes"]["identity"] = identity.into();
        }
    }

    /// Returns the id of the last event that requested the activity's cancellation.
    pub(super) fn last_cancel_request(&self, activity: &Activity) -> Option<i64> {
        let requests = |event: &&Value| {
            event["activityTaskCancelRequestedEventAttributes"]["activityId"] == activity.activity_id.as_str()
        };
        self.events.iter().rev().find(requests).and_then(|event| event["eventId"].as_i64())
    }
}
