//! The ledger in a table: its clock, and one conditional write.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use taskback_core::Fingerprint;
use taskback_core::ledger::{self, Clock, Operation, WriteResult};

use super::write::{Table, Update, UpdateResult, number};
use crate::ledger::store::LedgerError;

/// A ledger that processes share: one item a task, in a DynamoDB table whose partition key is the
/// string `fingerprint` and which has no sort key.
///
/// Every call is one conditional `UpdateItem`, tried once (a claim that is made again is two); nothing
/// is read to decide what to write.
/// It needs no permission but `dynamodb:UpdateItem` on the table. A table that is missing or
/// forbidden shows as [`LedgerError::Refused`], which names table, region and DynamoDB's error code. Only the
/// table's own region counts: the replicas of a global table do not see each other's conditions.
///
/// | attribute | type | holds |
/// |---|---|---|
/// | `fingerprint` | string | the task's [fingerprint](Fingerprint), 64 hex digits |
/// | `state` | string | `Running`, `Released`, `Decided` or `Reported` |
/// | `owner`, `epoch` | string, number | the [`Lease`](taskback_core::ledger::Lease) of the last claim |
/// | `input` | string | SHA-256 over token and input of the first claim, 64 hex digits |
/// | `execution` | string | the ids of the workflow in JSON, where the message has them |
/// | `leaseUntil` | number | Running: the end of the lease by its owner's clock, in ms since 1970 |
/// | `outcome`, `digest` | string | Decided: the outcome in JSON, and the SHA-256 that names it |
/// | `receipt` | string | Reported: the receipt in JSON; the outcome is gone, its digest stays |
/// | `expires` | number | seconds since 1970, for the table's time to live: 35 days after the last transition |
///
/// The token is in none of them; an outcome is there in clear until it is reported. 35 days are more
/// than a message can spend in a queue and then in its dead-letter queue (14 days each, the longest
/// retention of SQS). An item that outlives its time to live still counts.
///
/// A lease's end is compared with the clock of the process that claims the task, so a lease counts as over
/// only 2 s after its end. Larger clock skew costs duplicate work, never correctness: a task may be taken
/// over while its step runs, but the first owner can then neither decide nor renew.
///
/// ```
/// use std::sync::Arc;
///
/// use taskback::Taskback;
/// use taskback::ledger::DynamoDb;
///
/// # fn example(clients: &taskback::Clients) {
/// let builder = Taskback::builder().ledger(Arc::new(DynamoDb::new(clients.dynamodb(), "taskback-ledger")));
/// # let _ = builder; }
/// ```
#[derive(Clone)]
pub struct DynamoDb {
    pub(super) table: Table,
    clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
}

/// Shows the table's name: the client holds a source of credentials.
impl fmt::Debug for DynamoDb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamoDb").field("table", &self.table.name).finish_non_exhaustive()
    }
}

/// The difference between the clocks of two processes that does not cut a lease short.
pub(super) const CLOCK_SKEW: Duration = Duration::from_secs(2);

/// The life of an item after its last transition.
const RETENTION: Duration = Duration::from_secs(35 * 24 * 3600);

impl DynamoDb {
    /// The ledger in that table. The client has its retry off ([`Clients::dynamodb`](crate::Clients::dynamodb) makes one):
    /// the caller of the ledger knows how long to retry.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { table: Table { client, name: table.into() }, clock: Arc::new(SystemTime::now) }
    }

    /// Another clock than the system's, for tests.
    #[doc(hidden)]
    pub fn clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Since 1970; a clock before that counts as 1970.
    pub(super) fn now(&self) -> Duration {
        (self.clock)().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }

    pub(super) fn expires(&self) -> AttributeValue {
        number((self.now() + RETENTION).as_secs())
    }

    pub(super) fn json(&self, value: &impl Serialize) -> Result<AttributeValue, LedgerError> {
        let json =
            serde_json::to_string(value).map_err(|_| self.table.refused("a value that JSON cannot hold"))?;
        Ok(AttributeValue::S(json))
    }

    /// Makes a conditional write, as of `now`. Where its condition does not hold the item may say that the same write was
    /// made before.
    pub(super) async fn apply(
        &self,
        key: &Fingerprint,
        operation: Operation<'_>,
        now: Duration,
        update: Update,
    ) -> Result<WriteResult, LedgerError> {
        let record = match self.table.update(key, update).await? {
            UpdateResult::Applied(_) => return Ok(WriteResult::Applied),
            UpdateResult::ConditionFailed(record) => record,
        };
        let clock = Clock { now, skew: CLOCK_SKEW };
        Ok(match record.map(|record| ledger::transition(&record, &operation, clock)) {
            Some((None, WriteResult::Applied)) => WriteResult::Applied,
            _ => WriteResult::Superseded,
        })
    }
}

pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
