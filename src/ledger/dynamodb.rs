mod item;
mod records;
mod table_ledger;
mod write;

use std::time::Duration;

use taskback_core::ledger::{self, Claim, ClaimRequest, Claimed, Clock, Lease, Operation, WriteResult};
use taskback_core::{Digest, Execution, Fingerprint, Outcome, Receipt};

use super::store::{Ledger, LedgerError};
use crate::future::BoxFuture;
use table_ledger::{CLOCK_SKEW, millis};
use write::{Update, UpdateResult, number, text};

pub use table_ledger::DynamoDb;

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
                         #leaseUntil = :until, #expires = :expires";

/// The outcome of a digest is decided and not reported.
const IS_DECIDED: &str = "#state = :decided AND #digest = :old";

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
            let (mut set, mut values) = (SET_CLAIM.to_owned(), Vec::new());
            if let Some(input) = input {
                set.push_str(", #input = if_not_exists(#input, :input)");
                values.push((":input", text(&input.hex())));
            }
            if *execution != Execution::default() {
                set.push_str(", #execution = :execution");
                values.push((":execution", self.json(execution)?));
            }
            let update = Update::new(set, IS_UNCLAIMED);
            let update = values.into_iter().fold(update, |update, (name, value)| update.with(name, value));
            let update = update
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
                    let first = item::input(&new).zip(input);
                    let input_differs = first.is_some_and(|(first, input)| first != input);
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
