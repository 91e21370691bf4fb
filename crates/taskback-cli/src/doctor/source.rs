//! A queue that a function receives messages from, with the settings of its poller.

use super::template::Resource;
use super::value::reason;
use super::view::View;

/// A queue that a function receives messages from.
pub(super) struct Source<'t> {
    /// The queue, if it is in the template.
    pub(super) queue: Option<&'t Resource>,
    pub(super) poller: Poller,
    pub(super) view: View<'t>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Poller {
    /// Lambda, with the function's role.
    Lambda,
    /// A pipe of EventBridge, with its own role.
    Pipe,
}

impl Source<'_> {
    /// True if it takes partial batch responses; `None` = unknown.
    pub(super) fn is_partial(&self) -> Option<bool> {
        let types = &["FunctionResponseTypes"];
        if self.poller == Poller::Pipe {
            return Some(true); // always
        }
        if self.view.lacks(types) {
            return Some(false);
        }
        self.view.get(types)?;
        let items = self.view.items(types);
        if items.iter().any(|kind| kind.value == "ReportBatchItemFailures") {
            return Some(true);
        }
        let unknown = items.iter().find_map(|kind| reason(kind.value));
        unknown.map_or(Some(false), |reason| {
            self.view.note(types, reason);
            None
        })
    }

    pub(super) fn batch_size(&self) -> Option<f64> {
        self.view.number(&self.path("BatchSize"), 10.0)
    }

    /// The batching window in seconds.
    pub(super) fn window(&self) -> Option<f64> {
        self.view.number(&self.path("MaximumBatchingWindowInSeconds"), 0.0)
    }

    /// The maximum number of its concurrent invocations; `None` = not set or unknown.
    pub(super) fn max_concurrency(&self) -> Option<f64> {
        let path = ["ScalingConfig", "MaximumConcurrency"];
        (!self.view.lacks(&path)).then(|| self.view.number(&path, 0.0))?
    }

    pub(super) fn has_filter(&self) -> bool {
        let path: &[&str] = match self.poller {
            Poller::Lambda => &["FilterCriteria", "Filters"],
            Poller::Pipe => &["SourceParameters", "FilterCriteria", "Filters"],
        };
        !self.view.items(path).is_empty()
    }

    fn path(&self, name: &'static str) -> Vec<&'static str> {
        match self.poller {
            Poller::Lambda => vec![name],
            Poller::Pipe => vec!["SourceParameters", "SqsQueueParameters", name],
        }
    }
}
