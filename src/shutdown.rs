//! Tells everything that runs that its process ends.

use std::sync::Arc;

use tokio::sync::watch;

/// How a server is asked to end. Clones are one and the same.
#[derive(Clone)]
pub struct Shutdown(Arc<watch::Sender<Stage>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Serving,
    Ending,
    Now,
}

impl Shutdown {
    /// Nothing new is begun; what runs may finish.
    pub fn end(&self) {
        self.reach(Stage::Ending);
    }

    /// Steps stop now, with [`Cancellation::Shutdown`](crate::Cancellation::Shutdown): their claims are
    /// released and their messages come back. Reports under way still finish.
    pub fn now(&self) {
        self.reach(Stage::Now);
    }

    /// Whether [`end`](Self::end) was called.
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
        // The sender is here, so that it cannot be gone.
        drop(self.0.subscribe().wait_for(|reached| *reached >= stage).await);
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
    async fn a_stage_that_was_reached_stays_reached() {
        let shutdown = Shutdown::default();
        assert!(!shutdown.is_ending());
        shutdown.clone().now();
        shutdown.end();
        shutdown.ending().await;
        shutdown.asked_now().await;
        assert!(shutdown.is_ending() && shutdown.is_now());
    }
}
