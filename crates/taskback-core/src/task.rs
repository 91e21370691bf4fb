use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::{Service, TaskToken};

/// One unit of work: the token, the input, and what else the message says.
pub struct Task {
    /// Names the task at its service.
    pub token: TaskToken,
    /// The step's input, as the message wrote it.
    pub input: Box<RawValue>,
    /// The task's heartbeat timeout, where the message says it.
    pub heartbeat: Option<Duration>,
    /// The ids of the workflow that waits, where the message says them.
    pub execution: Execution,
}

impl Task {
    /// The envelope that brings this task to a worker. It holds the token: send it to a queue, and
    /// show it nowhere.
    pub fn envelope(&self) -> String {
        let token = Value::from(self.token.expose());
        let mut text = format!(
            r#"{{"service":"{}","taskToken":{token},"input":{}"#,
            self.token.service().name(),
            self.input.get()
        );
        if let Some(timeout) = self.heartbeat {
            text += &format!(r#","heartbeatSeconds":{}"#, timeout.as_secs().max(1));
        }
        if self.execution != Execution::default() {
            let execution = serde_json::to_value(&self.execution).unwrap_or_default();
            text += &format!(r#","execution":{execution}"#);
        }
        text + "}"
    }
}

/// Shows the service, the start of the fingerprint and the ids.
impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("token", &self.token)
            .field("execution", &self.execution)
            .finish_non_exhaustive()
    }
}

/// The ids of a workflow and its task: none of them secret, all of them optional.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Execution {
    /// SWF domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// SWF workflow id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_id: Option<String>,
    /// SWF run id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// SWF activity id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activity_id: Option<String>,
    /// SWF activity type's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activity_type: Option<String>,
    /// SWF event id of ActivityTaskStarted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_event_id: Option<i64>,
    /// FnF flow name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow_name: Option<String>,
    /// FnF execution name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_name: Option<String>,
    /// FnF step name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_name: Option<String>,
}

impl Execution {
    /// A key that stays the same when the workflow retries the step with a new token: workflow
    /// and activity for SWF, flow, execution and step for FnF; `None` where the message does not
    /// name both.
    pub fn business_key(&self, service: Service) -> Option<String> {
        let parts = match service {
            Service::Swf => [Some(self.workflow_id.as_ref()?), Some(self.activity_id.as_ref()?), None],
            Service::Fnf => {
                [Some(self.flow_name.as_ref()?), Some(self.execution_name.as_ref()?), self.step_name.as_ref()]
            }
        };
        Some(parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join("/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reading;

    #[test]
    fn an_envelope_is_read_as_the_task_that_it_was_made_of() {
        let execution = Execution { workflow_id: Some("order\"7".into()), ..Execution::default() };
        for (heartbeat, execution) in
            [(None, Execution::default()), (Some(Duration::from_secs(30)), execution)]
        {
            let token = TaskToken::new(Service::Swf, "a\"b\\c/+=é").unwrap();
            let input = RawValue::from_string(r#"{"n": 1.0000000000000000001}"#.into()).unwrap();
            let task = Task { token, input, heartbeat, execution };
            let read = Reading::default().task(&task.envelope()).unwrap();
            assert_eq!((&read.token, read.input.get()), (&task.token, task.input.get()));
            assert_eq!((read.heartbeat, read.execution), (task.heartbeat, task.execution));
        }
    }

    #[test]
    fn the_business_key_needs_both_of_its_names() {
        let mut ids = Execution { workflow_id: Some("order-7".into()), ..Execution::default() };
        assert_eq!(ids.business_key(Service::Swf), None);
        ids.activity_id = Some("charge".into());
        assert_eq!(ids.business_key(Service::Swf).as_deref(), Some("order-7/charge"));
        assert_eq!(ids.business_key(Service::Fnf), None);
    }
}
