use std::fmt;
use std::time::Duration;

use crate::redact::Place;

/// The task list that the SWF poller polls, and the queue of its tasks.
///
/// ```
/// use taskback::settings::PollerConfig;
///
/// let queue = "https://sqs.us-east-1.amazonaws.com/123456789012/tasks";
/// let mut config = PollerConfig::new("orders", "cards", queue);
/// config.pollers = 4;
/// ```
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct PollerConfig {
    /// `TASKBACK_SWF_DOMAIN`, 1 to 256 characters.
    pub domain: String,
    /// `TASKBACK_SWF_TASK_LIST`, 1 to 256 characters.
    pub task_list: String,
    /// `TASKBACK_QUEUE_URL`: the workers' queue.
    pub queue_url: String,
    /// `TASKBACK_POLLERS`: polls at once, 1 to 100; default 2.
    pub pollers: usize,
    /// `TASKBACK_SWF_HEARTBEAT_TIMEOUT`: the activities' heartbeat timeout, 1 to 86400 s, which the workers then stay
    /// within; the answer to a poll does not contain it.
    pub heartbeat: Option<Duration>,
}

impl PollerConfig {
    /// A configuration with every default.
    pub fn new(
        domain: impl Into<String>,
        task_list: impl Into<String>,
        queue_url: impl Into<String>,
    ) -> Self {
        Self {
            domain: domain.into(),
            task_list: task_list.into(),
            queue_url: queue_url.into(),
            pollers: 2,
            heartbeat: None,
        }
    }
}

/// Shows the scheme, host and port of the queue's URL only.
impl fmt::Debug for PollerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { domain, task_list, queue_url, pollers, heartbeat } = self;
        f.debug_struct("PollerConfig")
            .field("domain", domain)
            .field("task_list", task_list)
            .field("queue_url", &Place(queue_url))
            .field("pollers", pollers)
            .field("heartbeat", heartbeat)
            .finish()
    }
}
