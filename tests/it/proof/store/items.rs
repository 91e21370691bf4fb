//! The conditions for writing an item.

use std::time::Duration;

use taskback::ledger::{Claim, Lease, WriteResult};
use taskback::{Digest, Fingerprint, Outcome, Receipt};

use super::Table;

#[derive(Clone)]
pub(super) struct Item {
    pub(super) state: State,
    pub(super) lease: Lease,
    pub(super) until: Duration,
    pub(super) outcome: Option<Outcome>,
    pub(super) receipt: Option<Receipt>,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum State {
    Released,
    Running,
    Decided,
    Reported,
}

impl Table {
    pub(super) fn claim(&mut self, key: Fingerprint, owner: &str, duration: Duration) -> Claim {
        let now = self.now();
        let epoch = match self.items.get(&key) {
            None => 1,
            Some(item) => match item.state {
                State::Decided => return Claim::Decided(item.outcome.clone().unwrap()),
                State::Reported => return Claim::Reported(item.receipt.clone().unwrap()),
                State::Running if item.lease.owner == owner => item.lease.epoch,
                State::Running if item.until > now => return Claim::HeldByOther(item.until - now),
                State::Running | State::Released => item.lease.epoch + 1,
            },
        };
        let lease = Lease { owner: owner.to_owned(), epoch };
        let item = Item {
            state: State::Running,
            lease: lease.clone(),
            until: now + duration,
            outcome: None,
            receipt: None,
        };
        self.items.insert(key, item);
        Claim::Acquired(lease)
    }

    pub(super) fn running(&mut self, key: Fingerprint, lease: &Lease) -> Option<&mut Item> {
        self.items.get_mut(&key).filter(|item| item.state == State::Running && item.lease == *lease)
    }

    pub(super) fn decide(&mut self, key: Fingerprint, lease: &Lease, outcome: &Outcome) -> WriteResult {
        if let Some(item) = self.running(key, lease) {
            (item.state, item.outcome) = (State::Decided, Some(outcome.clone()));
            self.decided.entry(key).or_default().push(outcome.clone());
            return WriteResult::Applied;
        }
        let own =
            self.items.get(&key).is_some_and(|item| item.lease == *lease && item.stands(outcome.digest()));
        if own { WriteResult::Applied } else { WriteResult::Superseded }
    }

    pub(super) fn replace(&mut self, key: Fingerprint, decided: Digest, outcome: &Outcome) -> WriteResult {
        match self.items.get_mut(&key) {
            Some(item) if item.state == State::Decided && item.stands(decided) => {
                item.outcome = Some(outcome.clone());
                self.decided.entry(key).or_default().push(outcome.clone());
                WriteResult::Applied
            }
            Some(item) if item.stands(outcome.digest()) => WriteResult::Applied,
            _ => WriteResult::Superseded,
        }
    }

    pub(super) fn reported(&mut self, key: Fingerprint, decided: Digest, receipt: &Receipt) -> WriteResult {
        match self.items.get_mut(&key) {
            Some(item) if item.stands(decided) => {
                if item.state == State::Decided {
                    (item.state, item.receipt) = (State::Reported, Some(receipt.clone()));
                }
                WriteResult::Applied
            }
            _ => WriteResult::Superseded,
        }
    }
}

impl Item {
    /// Whether the outcome with that digest is decided, whether or not it is reported.
    fn stands(&self, digest: Digest) -> bool {
        self.outcome.as_ref().is_some_and(|outcome| outcome.digest() == digest)
    }
}
