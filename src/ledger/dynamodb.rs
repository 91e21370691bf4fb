mod item;
mod records;
mod write;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use taskback_core::ledger::{self, Claim, ClaimRequest, Claimed, Clock, Lease, Operation, WriteResult};
use taskback_core::{Digest, Execution, Fingerprint, Outcome, Receipt};

use super::store::{Ledger, LedgerError};
use crate::future::BoxFuture;
use write::{Table, Update, UpdateResult, number, text};

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
/// | `owner`, `epoch` | string, number | the [`Lease`] of the last claim |
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
    table: Table,
    clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
}

/// Shows the table's name: the client holds a source of credentials.
impl fmt::Debug for DynamoDb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamoDb").field("table", &self.table.name).finish_non_exhaustive()
    }
}

/// The difference between the clocks of two processes that does not cut a lease short.
const CLOCK_SKEW: Duration = Duration::from_secs(2);

/// The life of an item after its last transition.
const RETENTION: Duration = Duration::from_secs(35 * 24 * 3600);

/// The most bytes of an outcome's JSON: DynamoDB allows an item 400 KB, names of attributes
/// included, and the others need less than 20 KB.
const OUTCOME_BYTES: usize = 380 * 1024;

/// The writer holds the lease.
const IS_LEASE_HOLDER: &str = "#state = :running AND #owner = :owner AND #epoch = :epoch";

/// The same, and the lease ends earlier: a renewal that is performed late shortens none.
const IS_LEASE_HOLDER_UNTIL_EARLIER: &str =
    "#state = :running AND #owner = :owner AND #epoch = :epoch AND #leaseUntil < :until";

/// No owner holds the task. The writer's own claim does not count as free, so a repeated one keeps its epoch;
/// neither does an item without an epoch, since this ledger did not write it.
const IS_UNCLAIMED: &str = "attribute_not_exists(#fingerprint) OR (#epoch > :none AND (#state = :released OR \
     (#state = :running AND #leaseUntil <= :over AND #owner <> :owner)))";

const SET_CLAIM: &str = "SET #state = :running, #owner = :owner, #epoch = if_not_exists(#epoch, :none) + :one, \
                         #leaseUntil = :until, #expires = :expires, #input = if_not_exists(#input, :input)";

/// The outcome of a digest is decided and not reported.
const IS_DECIDED: &str = "#state = :decided AND #digest = :old";

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
    fn now(&self) -> Duration {
        (self.clock)().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }

    fn expires(&self) -> AttributeValue {
        number((self.now() + RETENTION).as_secs())
    }

    fn json(&self, value: &impl Serialize) -> Result<AttributeValue, LedgerError> {
        let json =
            serde_json::to_string(value).map_err(|_| self.table.refused("a value that JSON cannot hold"))?;
        Ok(AttributeValue::S(json))
    }

    /// Makes a conditional write, as of `now`. Where its condition does not hold the item may say that the same write was
    /// made before.
    async fn apply(
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

impl Ledger for DynamoDb {
    fn is_shared(&self) -> bool {
        true
    }

    fn check(&self) -> BoxFuture<'_, Result<(), LedgerError>> {
        Box::pin(self.table.check_access())
    }

    fn fits(&self, outcome: &Outcome) -> bool {
        serde_json::to_string(outcome).is_ok_and(|json| json.len() <= OUTCOME_BYTES)
    }

    fn claim<'a>(
        &'a self,
        key: &'a Fingerprint,
        request: &'a ClaimRequest<'a>,
    ) -> BoxFuture<'a, Result<Claimed, LedgerError>> {
        Box::pin(async move {
            let ClaimRequest { owner, duration, input, execution } = *request;
            let now = self.now();
            let mut update = if *execution == Execution::default() {
                Update::new(SET_CLAIM, IS_UNCLAIMED)
            } else {
                Update::new(format!("{SET_CLAIM}, #execution = :execution"), IS_UNCLAIMED)
                    .with(":execution", self.json(execution)?)
            };
            update = update
                .with(":input", text(&input.hex()))
                .with(":none", number(0))
                .with(":one", number(1))
                .with(":owner", text(owner))
                .with(":running", text(item::RUNNING))
                .with(":released", text(item::RELEASED))
                .with(":until", number(millis(now.saturating_add(duration))))
                .with(":over", number(millis(now.saturating_sub(CLOCK_SKEW))))
                .with(":expires", self.expires());
            let record = match self.table.update(key, update.return_new_values()).await? {
                UpdateResult::Applied(new) => {
                    let epoch = item::epoch(&new).ok_or_else(|| self.table.refused("unreadable item"))?;
                    let claim = Claim::Acquired(Lease { owner: owner.to_owned(), epoch });
                    let input_differs = item::input(&new).is_some_and(|first| first != input);
                    return Ok(Claimed { claim, input_differs });
                }
                UpdateResult::ConditionFailed(record) => {
                    record.ok_or_else(|| self.table.refused("unreadable item"))?
                }
            };
            let (_, claimed) = ledger::claim(&record, request, Clock { now, skew: CLOCK_SKEW });
            let Claim::Acquired(lease) = &claimed.claim else { return Ok(claimed) };
            // The same claim was made before, and its answer was lost. Free by its state an item would have been
            // claimed.
            if lease.epoch != record.epoch {
                return Err(self.table.refused("unreadable item"));
            }
            match self.renew(key, lease, duration).await? {
                WriteResult::Applied => Ok(claimed),
                WriteResult::Superseded => {
                    Err(self.table.refused("the claim was lost while it was repeated"))
                }
            }
        })
    }

    fn renew<'a>(
        &'a self,
        key: &'a Fingerprint,
        lease: &'a Lease,
        duration: Duration,
    ) -> BoxFuture<'a, Result<WriteResult, LedgerError>> {
        // As exact as the item's, so that the rules compare the same numbers as the condition.
        let until = Duration::from_millis(millis(self.now().saturating_add(duration)));
        let update = Update::new("SET #leaseUntil = :until", IS_LEASE_HOLDER_UNTIL_EARLIER);
        let update = update.with_lease(lease).with(":until", number(millis(until)));
        Box::pin(self.apply(key, Operation::Renew(lease, duration), until.saturating_sub(duration), update))
    }

    fn release<'a>(
        &'a self,
        key: &'a Fingerprint,
        lease: &'a Lease,
    ) -> BoxFuture<'a, Result<(), LedgerError>> {
        let update = "SET #state = :released, #expires = :expires REMOVE #leaseUntil";
        let update = Update::new(update, IS_LEASE_HOLDER)
            .with_lease(lease)
            .with(":released", text(item::RELEASED))
            .with(":expires", self.expires());
        Box::pin(
            async move { self.apply(key, Operation::Release(lease), self.now(), update).await.map(|_| ()) },
        )
    }

    fn decide<'a>(
        &'a self,
        key: &'a Fingerprint,
        lease: &'a Lease,
        outcome: &'a Outcome,
    ) -> BoxFuture<'a, Result<WriteResult, LedgerError>> {
        Box::pin(async move {
            let update = "SET #state = :decided, #outcome = :outcome, #digest = :digest, #expires = :expires \
                          REMOVE #leaseUntil";
            let update = Update::new(update, IS_LEASE_HOLDER)
                .with_lease(lease)
                .with(":decided", text(item::DECIDED))
                .with(":outcome", self.json(outcome)?)
                .with(":digest", text(&outcome.digest().hex()))
                .with(":expires", self.expires());
            self.apply(key, Operation::Decide(lease, outcome), self.now(), update).await
        })
    }

    fn replace<'a>(
        &'a self,
        key: &'a Fingerprint,
        decided: Digest,
        outcome: &'a Outcome,
    ) -> BoxFuture<'a, Result<WriteResult, LedgerError>> {
        Box::pin(async move {
            let update = "SET #outcome = :outcome, #digest = :digest, #expires = :expires";
            let update = Update::new(update, IS_DECIDED)
                .with(":decided", text(item::DECIDED))
                .with(":old", text(&decided.hex()))
                .with(":outcome", self.json(outcome)?)
                .with(":digest", text(&outcome.digest().hex()))
                .with(":expires", self.expires());
            self.apply(key, Operation::Replace(decided, outcome), self.now(), update).await
        })
    }

    fn mark_reported<'a>(
        &'a self,
        key: &'a Fingerprint,
        decided: Digest,
        receipt: &'a Receipt,
    ) -> BoxFuture<'a, Result<WriteResult, LedgerError>> {
        Box::pin(async move {
            let update = "SET #state = :reported, #receipt = :receipt, #expires = :expires REMOVE #outcome";
            let update = Update::new(update, IS_DECIDED)
                .with(":decided", text(item::DECIDED))
                .with(":reported", text(item::REPORTED))
                .with(":old", text(&decided.hex()))
                .with(":receipt", self.json(receipt)?)
                .with(":expires", self.expires());
            self.apply(key, Operation::MarkReported(decided, receipt), self.now(), update).await
        })
    }
}

/// Checks the name of a table by DynamoDB's rule; the error is what was expected.
pub(super) fn parse_table(name: &str) -> Result<String, &'static str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    if (3..=255).contains(&name.len()) && name.bytes().all(is_plain) {
        Ok(name.to_owned())
    } else {
        Err("dynamodb:TABLE, where a table's name has 3 to 255 of A-Z a-z 0-9 _ . -")
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
