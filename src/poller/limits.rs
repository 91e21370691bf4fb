use std::time::Duration;

/// The time for one poll: SWF and Step Functions hold it for 60 s, and a later answer never comes.
pub(super) const POLL: Duration = Duration::from_secs(70);

/// The time for the sends of a task's message, and again for the report of a task that was not queued.
pub(super) const HAND_OVER: Duration = Duration::from_secs(10);

/// The minimum time for one more poll and its task: the poll, the sends of the task, and the report of one that was not
/// queued.
pub(crate) const MIN_TIME_FOR_POLL: Duration = POLL.saturating_add(HAND_OVER.saturating_mul(2));
