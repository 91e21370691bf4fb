//! A bounded number of connections to a port of this process, so that they cannot take all descriptors.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::task::AbortHandle;

/// The open connections of one port.
pub(super) struct Connections {
    max: usize,
    open: VecDeque<(AbortHandle, InUse)>,
}

/// The number of calls on a connection that must not be cut off. Clones belong to the same connection.
#[derive(Clone, Default)]
pub(super) struct InUse(Arc<AtomicUsize>);

impl Connections {
    pub(super) fn new(max: usize) -> Self {
        Self { max, open: VecDeque::new() }
    }

    /// Serves one more connection. Beyond the bound the oldest connection that is not in use is closed; if all are
    /// in use, the new one is closed.
    pub(super) fn serve(&mut self, in_use: InUse, connection: impl Future<Output = ()> + Send + 'static) {
        if self.open.len() >= self.max {
            self.open.retain(|(task, _)| !task.is_finished());
        }
        if self.open.len() >= self.max {
            let Some(idle) = self.open.iter().position(|(_, in_use)| !in_use.is_busy()) else { return };
            self.open.remove(idle).inspect(|(task, _)| task.abort());
        }
        self.open.push_back((tokio::spawn(connection).abort_handle(), in_use));
    }
}

impl Drop for Connections {
    fn drop(&mut self) {
        self.open.iter().for_each(|(task, _)| task.abort());
    }
}

impl InUse {
    /// Marks the connection as in use until the guard is dropped.
    #[cfg_attr(not(feature = "fc"), allow(dead_code, reason = "health checks may be cut off at any time"))]
    pub(super) fn begin(&self) -> impl Drop + Send + 'static {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ended(Arc::clone(&self.0))
    }

    fn is_busy(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}

struct Ended(Arc<AtomicUsize>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    /// A connection that never ends by itself, and its reference count.
    fn endless() -> (Arc<()>, impl Future<Output = ()> + Send + 'static) {
        let held = Arc::new(());
        let here = Arc::clone(&held);
        (held, async move {
            let _here = here;
            pending().await
        })
    }

    fn is_open(held: &Arc<()>) -> bool {
        Arc::strong_count(held) > 1
    }

    #[tokio::test]
    async fn oldest_idle_connection_is_closed_beyond_the_bound() {
        let mut connections = Connections::new(3);
        let in_use = InUse::default();
        let end = in_use.begin();
        let mut all = Vec::new();
        for _ in 0..6 {
            let (held, connection) = endless();
            let in_use = if all.is_empty() { in_use.clone() } else { InUse::default() };
            connections.serve(in_use, connection);
            all.push(held);
            tokio::task::yield_now().await;
        }
        let open = |all: &[Arc<()>]| all.iter().map(is_open).collect::<Vec<_>>();
        assert_eq!(open(&all), [true, false, false, false, true, true]);
        drop(end);
        let (held, connection) = endless();
        connections.serve(InUse::default(), connection);
        all.push(held);
        tokio::task::yield_now().await;
        assert_eq!(open(&all), [false, false, false, false, true, true, true]);
        drop(connections);
        tokio::task::yield_now().await;
        assert!(!all.iter().any(is_open));
    }

    #[tokio::test]
    async fn new_connection_is_closed_when_full() {
        let mut connections = Connections::new(2);
        let in_use = InUse::default();
        let _end = in_use.begin();
        let mut all = Vec::new();
        for _ in 0..3 {
            let (held, connection) = endless();
            connections.serve(in_use.clone(), connection);
            all.push(held);
        }
        assert_eq!(all.iter().map(is_open).collect::<Vec<_>>(), [true, true, false]);
    }

    #[tokio::test]
    async fn ended_connections_make_room() {
        let mut connections = Connections::new(1);
        let in_use = InUse::default();
        let _end = in_use.begin();
        for _ in 0..3 {
            connections.serve(in_use.clone(), async {});
            tokio::task::yield_now().await;
        }
        let (held, connection) = endless();
        connections.serve(InUse::default(), connection);
        assert!(is_open(&held));
    }
}
