/// Something that would lose or duplicate work. They are told in the order of their ids.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Finding {
    pub(super) id: &'static str,
    /// The resource that is to be changed.
    pub(super) resource: String,
    pub(super) reason: String,
    pub(super) mend: String,
}

impl Finding {
    pub(super) fn new(
        id: &'static str,
        resource: &str,
        reason: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self { id, resource: resource.to_owned(), reason: reason.into(), mend: mend.into() }
    }
}

/// Every check. Ids stay what they are: pipelines name them.
pub(super) const CHECKS: [(&str, &str); 17] = [
    ("TB001", "a queue's function answers without ReportBatchItemFailures"),
    ("TB002", "a queue's visibility timeout is shorter than six times the function's timeout and the window"),
    ("TB003", "maxReceiveCount is too low"),
    ("TB004", "TASKBACK_MAX_RECEIVES is not the queue's maxReceiveCount"),
    ("TB005", "a queue of tasks has no dead-letter queue"),
    ("TB006", "no handler reads the dead letters"),
    ("TB007", "the dead-letter handler has the memory ledger"),
    ("TB008", "the dead-letter handler has another ledger than the worker"),
    ("TB009", "a message can outlive its item in the ledger"),
    ("TB010", "the ledger's table has another form than the ledger writes"),
    ("TB011", "a permission is missing"),
    ("TB012", "a permission is wider than needed"),
    ("TB013", "a function's timeout is too short"),
    ("TB014", "a setting names a plain-HTTP host"),
    ("TB015", "the build aborts on panic"),
    ("TB016", "an event that fails while nobody waits is dropped"),
    ("TB017", "a dead letter expires as soon as it arrives"),
];
