//! Defaults of the settings and of what they configure.

use std::time::Duration;

/// Steps at once in one invocation.
pub(crate) const CONCURRENCY: usize = 10;

/// The longest lease.
pub(crate) const LEASE: Duration = Duration::from_secs(60);

/// The time between heartbeats where the message has no timeout.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(30);
