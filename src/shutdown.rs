//! The end of a process, as its parts see it.

use std::sync::Arc;

use tokio::sync::watch;

/// The handle by which a server is asked to end. Clones share it.
///
/// ```
/// use taskback::Shutdown;
///
/// let shutdown = Shutdown::default();
/// shutdown.clone().end();
/// assert!(shutdown.is_ending());
/// ```
#[derive(Clone, Debug)]
pub struct Shutdown(Arc<watch::Sender<Stage>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Serving,
    Ending,
    Now,
}

impl Shutdown {
    /// Begins nothing new. Running steps may finish.
    pub fn end(&self) {
        self.reach(Stage::Ending);
    }

    /// Cancels steps now with [`Cancellation::Shutdown`](crate::Cancellation::Shutdown): their claims are
    /// released and their messages redelivered. Reports in flight still finish.
    pub fn now(&self) {
        self.reach(Stage::Now);
    }

    /// Returns `true` after [`end`](Self::end).
    pub fn is_ending(&self) -> bool {
        *self.0.borrow() >= Stage::Ending
    }

    pub(crate) fn is_now(&self) -> bool {
        *self.0.borrow() >= Stage::Now
    }

    /// Waits for [`end`](Self::end).
    pub async fn ending(&self) {
        self.reached(Stage::Ending).await;
    }

    /// Waits for [`now`](Self::now).
    pub(crate) async fn asked_now(&self) {
        self.reached(Stage::Now).await;
    }

    fn reach(&self, stage: Stage) {
        self.0.send_modify(|reached| *reached = stage.max(*reached));
    }

    async fn reached(&self, stage: Stage) {
        // It cannot fail: the sender is here.
        let _ = self.0.subscribe().wait_for(|reached| *reached >= stage).await;
    }
}

impl Default for Shutdown {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Stage::Serving)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn reached_stage_stays_reached() {
        let shutdown = Shutdown::default();
        assert!(!shutdown.is_ending());
        shutdown.clone().now();
        shutdown.end();
        shutdown.ending().await;
        shutdown.asked_now().await;
        assert!(shutdown.is_ending() && shutdown.is_now());
    }
}
