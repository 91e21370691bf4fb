/// An operation of a service, as far as faults and report attempts need to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    /// True if it reports the outcome of a task, and is listed among the task's reports.
    pub(crate) is_report: bool,
    /// True if the service documents a 409 for it, so that the fault `conflict` applies.
    pub(crate) has_conflict: bool,
    /// True if it takes effect slowly, so that the fault `stopping` applies.
    pub(crate) stops_slowly: bool,
}

impl Operation {
    /// An operation without any of the special properties.
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, is_report: false, has_conflict: false, stops_slowly: false }
    }

    /// An operation that reports the outcome of a task.
    pub(crate) const fn report(name: &'static str) -> Self {
        Self { is_report: true, ..Self::new(name) }
    }
}
