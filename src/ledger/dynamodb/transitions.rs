//! The conditions under which an item changes.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use taskback_core::{Digest, Fingerprint, Outcome, Receipt};

use super::item::{self, Record};
use super::write::{Write, Written, number, text};
use super::{DynamoDb, KEPT, MARGIN, millis};
use crate::ledger::{Claim, Held, Hold, Unreachable};

/// The task is the writer's: running, by its claim.
const HELD: &str = "#state = :running AND #owner = :owner AND #epoch = :epoch";

/// The task is nobody's. A claim of the writer's own is not, so that a repeated one keeps its epoch,
/// and an item without an epoch is not: it is no item of ours.
const FREE: &str = "attribute_not_exists(#fingerprint) OR (#epoch > :none AND (#state = :released OR \
                    (#state = :running AND #leaseUntil <= :over AND #owner <> :owner)))";

const TAKE: &str = "SET #state = :running, #owner = :owner, #epoch = if_not_exists(#epoch, :none) + :one, \
                    #leaseUntil = :until, #expires = :expires";

impl DynamoDb {
    pub(super) async fn take(
        &self,
        key: &Fingerprint,
        owner: &str,
        lease: Duration,
    ) -> Result<Claim, Unreachable> {
        let now = self.now();
        let write = Write::new(TAKE, FREE)
            .with(":none", number(0))
            .with(":one", number(1))
            .with(":owner", text(owner))
            .with(":running", text(item::RUNNING))
            .with(":released", text(item::RELEASED))
            .with(":until", number(millis(now.saturating_add(lease))))
            .with(":over", number(millis(now.saturating_sub(MARGIN))))
            .with(":expires", self.expires());
        match self.write(key, write.hand_back_new()).await? {
            Written::Yes(new) => match item::epoch(&new) {
                Some(epoch) => Ok(Claim::Ours(Hold { owner: owner.to_owned(), epoch })),
                None => Err(self.unreadable()),
            },
            // A claim of ours was written and its answer was lost.
            Written::No(Some(Record::Running { hold, .. })) if hold.owner == owner => {
                match self.prolong(key, &hold, lease).await? {
                    Held::Yes => Ok(Claim::Ours(hold)),
                    Held::Lost => Err(self.unreachable("the claim was lost while it was made again")),
                }
            }
            Written::No(Some(Record::Running { until, .. })) => {
                Ok(Claim::Running((until.saturating_add(MARGIN)).saturating_sub(now)))
            }
            Written::No(Some(Record::Decided { outcome, .. })) => Ok(Claim::Decided(outcome)),
            Written::No(Some(Record::Reported { receipt, .. })) => Ok(Claim::Reported(receipt)),
            // Free by its state, and yet it could not be taken.
            Written::No(Some(Record::Released) | None) => Err(self.unreadable()),
        }
    }

    pub(super) async fn prolong(
        &self,
        key: &Fingerprint,
        hold: &Hold,
        lease: Duration,
    ) -> Result<Held, Unreachable> {
        let until = number(millis(self.now().saturating_add(lease)));
        let write = Write::new("SET #leaseUntil = :until", HELD).with_hold(hold).with(":until", until);
        match self.write(key, write).await? {
            Written::Yes(_) => Ok(Held::Yes),
            Written::No(_) => Ok(Held::Lost),
        }
    }

    pub(super) async fn give_back(&self, key: &Fingerprint, hold: &Hold) -> Result<(), Unreachable> {
        let update = "SET #state = :released, #expires = :expires REMOVE #leaseUntil";
        let write = Write::new(update, HELD)
            .with_hold(hold)
            .with(":released", text(item::RELEASED))
            .with(":expires", self.expires());
        self.write(key, write).await.map(drop)
    }

    pub(super) async fn settle(
        &self,
        key: &Fingerprint,
        hold: &Hold,
        outcome: &Outcome,
    ) -> Result<Held, Unreachable> {
        let digest = outcome.digest().hex();
        let update = "SET #state = :decided, #outcome = :outcome, #digest = :digest, #expires = :expires \
                      REMOVE #leaseUntil";
        let write = Write::new(update, HELD)
            .with_hold(hold)
            .with(":decided", text(item::DECIDED))
            .with(":outcome", self.json(outcome)?)
            .with(":digest", text(&digest))
            .with(":expires", self.expires());
        Ok(match self.write(key, write).await? {
            Written::Yes(_) => Held::Yes,
            Written::No(Some(Record::Decided { digest: there, by, .. }))
                if by == *hold && there == digest =>
            {
                Held::Yes
            }
            Written::No(_) => Held::Lost,
        })
    }

    pub(super) async fn exchange(
        &self,
        key: &Fingerprint,
        decided: Digest,
        outcome: &Outcome,
    ) -> Result<Held, Unreachable> {
        let digest = outcome.digest().hex();
        let update = "SET #outcome = :outcome, #digest = :digest, #expires = :expires";
        let write = Write::new(update, "#state = :decided AND #digest = :old")
            .with(":decided", text(item::DECIDED))
            .with(":old", text(&decided.hex()))
            .with(":outcome", self.json(outcome)?)
            .with(":digest", text(&digest))
            .with(":expires", self.expires());
        Ok(match self.write(key, write).await? {
            Written::Yes(_) => Held::Yes,
            Written::No(Some(
                Record::Decided { digest: there, .. } | Record::Reported { digest: there, .. },
            )) if there == digest => Held::Yes,
            Written::No(_) => Held::Lost,
        })
    }

    pub(super) async fn close(
        &self,
        key: &Fingerprint,
        decided: Digest,
        receipt: &Receipt,
    ) -> Result<Held, Unreachable> {
        let digest = decided.hex();
        let update = "SET #state = :reported, #receipt = :receipt, #expires = :expires REMOVE #outcome";
        let write = Write::new(update, "#state = :decided AND #digest = :digest")
            .with(":decided", text(item::DECIDED))
            .with(":reported", text(item::REPORTED))
            .with(":digest", text(&digest))
            .with(":receipt", self.json(receipt)?)
            .with(":expires", self.expires());
        Ok(match self.write(key, write).await? {
            Written::Yes(_) => Held::Yes,
            Written::No(Some(Record::Reported { digest: there, .. })) if there == digest => Held::Yes,
            Written::No(_) => Held::Lost,
        })
    }

    fn expires(&self) -> AttributeValue {
        number((self.now() + KEPT).as_secs())
    }

    fn json(&self, value: &impl Serialize) -> Result<AttributeValue, Unreachable> {
        let json = serde_json::to_string(value).map_err(|_| self.unreachable("nothing that JSON can say"))?;
        Ok(AttributeValue::S(json))
    }
}
