/// A problem that would lose or duplicate work. Findings are sorted by id.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Finding {
    pub(super) id: &'static str,
    /// The resource to change.
    pub(super) resource: String,
    pub(super) reason: String,
    pub(super) fix: String,
}

impl Finding {
    pub(super) fn new(
        id: &'static str,
        resource: &str,
        reason: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self { id, resource: resource.to_owned(), reason: reason.into(), fix: fix.into() }
    }
}

/// All checks. Ids never change, because pipelines refer to them.
pub(super) const CHECKS: [(&str, &str); 23] = [
    ("TB001", "an event source does not use ReportBatchItemFailures"),
    (
        "TB002",
        "a queue's visibility timeout is shorter than six times the function's timeout plus the batching window",
    ),
    ("TB003", "maxReceiveCount is too low"),
    ("TB004", "TASKBACK_MAX_RECEIVES differs from the queue's maxReceiveCount"),
    ("TB005", "a task queue has no dead-letter queue"),
    ("TB006", "no handler reads a dead-letter queue"),
    ("TB007", "the dead-letter handler uses the memory ledger"),
    ("TB008", "the dead-letter handler uses a different ledger than the worker"),
    ("TB009", "a message can outlive its ledger item"),
    ("TB010", "the ledger table has the wrong key or expiry attribute"),
    ("TB011", "a permission is missing"),
    ("TB012", "a permission is broader than needed"),
    ("TB013", "a function's timeout is too short"),
    ("TB014", "a setting allows a plain-HTTP host"),
    ("TB015", "the build aborts on panic"),
    ("TB016", "a failed asynchronous event is dropped"),
    ("TB017", "a dead letter can expire on arrival"),
    ("TB018", "a message can expire before it becomes a dead letter"),
    ("TB019", "reserved concurrency throttles the pollers of a queue"),
    ("TB020", "an event filter deletes messages"),
    ("TB021", "an event source sends what taskback does not read"),
    ("TB022", "the Lambda layer is not run"),
    ("TB023", "a state waits for a token or an activity without a timeout"),
];
