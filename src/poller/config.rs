use std::fmt;
use std::time::Duration;

use crate::redact::Place;

/// The tasks that the poller polls, and the queue that it sends them to.
///
/// ```
/// use taskback::settings::{PolledTasks, PollerConfig};
///
/// let queue = "https://sqs.us-east-1.amazonaws.com/123456789012/tasks";
/// let mut config = PollerConfig::new(PolledTasks::swf("orders", "cards"), queue);
/// config.pollers = 4;
/// ```
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct PollerConfig {
    /// The tasks.
    pub tasks: PolledTasks,
    /// `TASKBACK_QUEUE_URL`: the workers' queue.
    pub queue_url: String,
    /// `TASKBACK_POLLERS`: polls at once, 1 to 100; default 2.
    pub pollers: usize,
    /// The activities' heartbeat timeout, 1 to 86400 s, which the workers then stay within; the answer to a poll does not
    /// contain it: `TASKBACK_SWF_HEARTBEAT_TIMEOUT` or `TASKBACK_ACTIVITY_HEARTBEAT_TIMEOUT`.
    pub heartbeat: Option<Duration>,
}

/// The tasks that one poller polls.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum PolledTasks {
    /// Those of a task list of SWF.
    SwfTaskList {
        /// `TASKBACK_SWF_DOMAIN`, 1 to 256 characters.
        domain: String,
        /// `TASKBACK_SWF_TASK_LIST`, 1 to 256 characters.
        task_list: String,
    },
    /// Those of an activity of Step Functions.
    SfnActivity {
        /// `TASKBACK_ACTIVITY_ARN`, 1 to 256 characters.
        arn: String,
    },
}

impl PolledTasks {
    /// The tasks of a task list of SWF.
    pub fn swf(domain: impl Into<String>, task_list: impl Into<String>) -> Self {
        Self::SwfTaskList { domain: domain.into(), task_list: task_list.into() }
    }

    /// The tasks of an activity of Step Functions.
    pub fn activity(arn: impl Into<String>) -> Self {
        Self::SfnActivity { arn: arn.into() }
    }
}

impl PollerConfig {
    /// A configuration with every default.
    pub fn new(tasks: PolledTasks, queue_url: impl Into<String>) -> Self {
        Self { tasks, queue_url: queue_url.into(), pollers: 2, heartbeat: None }
    }
}

/// Shows the scheme, host and port of the queue's URL only.
impl fmt::Debug for PollerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tasks, queue_url, pollers, heartbeat } = self;
        f.debug_struct("PollerConfig")
            .field("tasks", tasks)
            .field("queue_url", &Place(queue_url))
            .field("pollers", pollers)
            .field("heartbeat", heartbeat)
            .finish()
    }
}
