use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
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
    pub domain: Option<String>,
    /// SWF workflow id.
    pub workflow_id: Option<String>,
    /// SWF run id.
    pub run_id: Option<String>,
    /// SWF activity id.
    pub activity_id: Option<String>,
    /// SWF activity type's name.
    pub activity_type: Option<String>,
    /// SWF event id of ActivityTaskStarted.
    pub started_event_id: Option<i64>,
    /// FnF flow name.
    pub flow_name: Option<String>,
    /// FnF execution name.
    pub execution_name: Option<String>,
    /// FnF step name.
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

    #[test]
    fn the_business_key_needs_both_of_its_names() {
        let mut ids = Execution { workflow_id: Some("order-7".into()), ..Execution::default() };
        assert_eq!(ids.business_key(Service::Swf), None);
        ids.activity_id = Some("charge".into());
        assert_eq!(ids.business_key(Service::Swf).as_deref(), Some("order-7/charge"));
        assert_eq!(ids.business_key(Service::Fnf), None);
    }
}
