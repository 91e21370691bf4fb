mod item;
mod transitions;
mod write;

use std::fmt::Display;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::Client;
use taskback_core::{Digest, Fingerprint, Outcome, Receipt};

use super::{Claim, Held, Hold, Ledger, Unreachable};
use crate::BoxFuture;

/// A ledger that processes share: one item a task, in a DynamoDB table whose partition key is the
/// string `fingerprint` and which has no sort key.
///
/// Every call is one conditional `UpdateItem`, tried once (a claim that is made again is two); nothing
/// is read to decide what to write.
/// It needs no permission but `dynamodb:UpdateItem` on the table. A table that is missing or
/// forbidden shows as [`Unreachable`], which names the table and DynamoDB's error code. Only the
/// table's own region counts: the replicas of a global table do not see each other's conditions.
///
/// | attribute | type | holds |
/// |---|---|---|
/// | `fingerprint` | string | the task's [fingerprint](Fingerprint), 64 hex digits |
/// | `state` | string | `Running`, `Released`, `Decided` or `Reported` |
/// | `owner`, `epoch` | string, number | the [`Hold`] of the last claim |
/// | `leaseUntil` | number | Running: the end of the lease by its owner's clock, in ms since 1970 |
/// | `outcome`, `digest` | string | Decided: the outcome in JSON, and the SHA-256 that names it |
/// | `receipt` | string | Reported: the receipt in JSON; the outcome is gone, its digest stays |
/// | `expires` | number | seconds since 1970, for the table's time to live: 35 days after the last transition |
///
/// The token is in none of them; an outcome is there in clear until it is reported. 35 days are more
/// than a message can spend in a queue and then in its dead-letter queue (14 days each, the longest
/// retention of SQS). An item that time to live should have deleted and did not counts as it stands.
///
/// A lease's end is compared with the clock of whoever wants the task, so a lease counts as over
/// only 2 s after its end. Clocks that differ by more cost work, not truth: a step may be taken
/// over while it runs, but its first owner can then neither decide nor renew.
#[derive(Clone)]
pub struct DynamoDb {
    client: Client,
    table: String,
    clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
}

/// By how much the clocks of two processes may differ without a lease being cut short.
const MARGIN: Duration = Duration::from_secs(2);

/// How long an item stays after its last transition.
const KEPT: Duration = Duration::from_secs(35 * 24 * 3600);

/// The most bytes of an outcome's JSON: DynamoDB allows an item 400 KB, names of attributes
/// included, and the others need less than 20 KB.
const OUTCOME_BYTES: usize = 380 * 1024;

impl DynamoDb {
    /// The ledger in that table. The client has its retry off ([`crate::aws::dynamodb`] makes one):
    /// whoever calls the ledger knows how long to try.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into(), clock: Arc::new(SystemTime::now) }
    }

    /// Another clock than the system's, for tests.
    #[doc(hidden)]
    pub fn clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Since 1970; a clock before that counts as 1970.
    fn now(&self) -> Duration {
        (self.clock)().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }

    fn unreachable(&self, why: impl Display) -> Unreachable {
        Unreachable(format!("DynamoDB table {}: {why}", self.table))
    }

    /// Somebody else wrote the item or changed it: it says nothing, and least that the task is free.
    fn unreadable(&self) -> Unreachable {
        self.unreachable("unreadable item")
    }
}

impl Ledger for DynamoDb {
    fn is_shared(&self) -> bool {
        true
    }

    fn fits(&self, outcome: &Outcome) -> bool {
        serde_json::to_string(outcome).is_ok_and(|json| json.len() <= OUTCOME_BYTES)
    }

    fn claim<'a>(
        &'a self,
        key: &'a Fingerprint,
        owner: &'a str,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Claim, Unreachable>> {
        Box::pin(self.take(key, owner, lease))
    }

    fn renew<'a>(
        &'a self,
        key: &'a Fingerprint,
        hold: &'a Hold,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Held, Unreachable>> {
        Box::pin(self.prolong(key, hold, lease))
    }

    fn release<'a>(&'a self, key: &'a Fingerprint, hold: &'a Hold) -> BoxFuture<'a, Result<(), Unreachable>> {
        Box::pin(self.give_back(key, hold))
    }

    fn decide<'a>(
        &'a self,
        key: &'a Fingerprint,
        hold: &'a Hold,
        outcome: &'a Outcome,
    ) -> BoxFuture<'a, Result<Held, Unreachable>> {
        Box::pin(self.settle(key, hold, outcome))
    }

    fn replace<'a>(
        &'a self,
        key: &'a Fingerprint,
        decided: Digest,
        outcome: &'a Outcome,
    ) -> BoxFuture<'a, Result<Held, Unreachable>> {
        Box::pin(self.exchange(key, decided, outcome))
    }

    fn reported<'a>(
        &'a self,
        key: &'a Fingerprint,
        decided: Digest,
        receipt: &'a Receipt,
    ) -> BoxFuture<'a, Result<Held, Unreachable>> {
        Box::pin(self.close(key, decided, receipt))
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
