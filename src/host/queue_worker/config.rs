use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use crate::redact::Place;
use crate::sqs::RECEIVE_PATIENCE;

/// The queue of a worker, and its times.
///
/// ```
/// use std::time::Duration;
///
/// use taskback::QueueWorkerConfig;
///
/// let mut config = QueueWorkerConfig::new("https://sqs.us-east-1.amazonaws.com/123456789012/tasks");
/// config.timeout = Duration::from_secs(60);
/// config.health = Some(([127, 0, 0, 1], 8080).into());
/// assert_eq!(config.shutdown_time(), Duration::from_secs(28));
/// ```
#[derive(Clone)]
pub struct QueueWorkerConfig {
    /// The queue; the order of a FIFO queue's groups is kept.
    pub queue_url: String,
    /// One message's time from its receive to its settlement, 1 s to 11 h; default 15 min. The message
    /// stays invisible for as long as it runs.
    pub timeout: Duration,
    /// The time for which the queue holds a receive while it is empty, 0 to 20 s; default 10 s. A process that ends
    /// waits for it.
    pub wait: Duration,
    /// The time for running steps once the process is asked to end, default 20 s; then they are cancelled with
    /// [`Cancellation::Shutdown`](crate::Cancellation::Shutdown), and 8 s are left for reports.
    pub grace: Duration,
    /// The address for `/livez`, `/readyz` and `/metrics`.
    pub health: Option<SocketAddr>,
}

/// Shows the scheme, host and port of the queue's URL only.
impl fmt::Debug for QueueWorkerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { queue_url, timeout, wait, grace, health } = self;
        f.debug_struct("QueueWorkerConfig")
            .field("queue_url", &Place(queue_url))
            .field("timeout", timeout)
            .field("wait", wait)
            .field("grace", grace)
            .field("health", health)
            .finish()
    }
}

impl QueueWorkerConfig {
    /// A configuration with every default.
    pub fn new(queue_url: impl Into<String>) -> Self {
        Self {
            queue_url: queue_url.into(),
            timeout: Duration::from_secs(15 * 60),
            wait: Duration::from_secs(10),
            grace: Duration::from_secs(20),
            health: None,
        }
    }

    /// The longest time from a request to end until the process has ended; 28 s unless set otherwise. Steps have their
    /// grace, and beside it the queue holds a receive for `wait` and up to 10 s more; then reports and deletes have 8 s.
    /// If a host kills the process before, messages in flight are redelivered after the visibility timeout.
    pub fn shutdown_time(&self) -> Duration {
        self.grace.max(self.wait + RECEIVE_PATIENCE) + REPORTS
    }
}

/// The time for reports and deletes once all steps are over.
pub(super) const REPORTS: Duration = Duration::from_secs(8);
