//! The conditions under which an item is written.

use std::time::Duration;

use taskback::core::{Digest, Fingerprint, Outcome, Receipt};
use taskback::ledger::{Claim, Held, Hold};

use super::Table;

#[derive(Clone)]
pub(super) struct Item {
    pub(super) state: State,
    pub(super) hold: Hold,
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
    pub(super) fn claim(&mut self, key: Fingerprint, owner: &str, lease: Duration) -> Claim {
        let now = self.now();
        let epoch = match self.items.get(&key) {
            None => 1,
            Some(item) => match item.state {
                State::Decided => return Claim::Decided(item.outcome.clone().unwrap()),
                State::Reported => return Claim::Reported(item.receipt.clone().unwrap()),
                State::Running if item.hold.owner == owner => item.hold.epoch,
                State::Running if item.until > now => return Claim::Running(item.until - now),
                State::Running | State::Released => item.hold.epoch + 1,
            },
        };
        let hold = Hold { owner: owner.to_owned(), epoch };
        let item = Item {
            state: State::Running,
            hold: hold.clone(),
            until: now + lease,
            outcome: None,
            receipt: None,
        };
        self.items.insert(key, item);
        Claim::Ours(hold)
    }

    pub(super) fn running(&mut self, key: Fingerprint, hold: &Hold) -> Option<&mut Item> {
        self.items.get_mut(&key).filter(|item| item.state == State::Running && item.hold == *hold)
    }

    pub(super) fn decide(&mut self, key: Fingerprint, hold: &Hold, outcome: &Outcome) -> Held {
        if let Some(item) = self.running(key, hold) {
            (item.state, item.outcome) = (State::Decided, Some(outcome.clone()));
            self.decided.entry(key).or_default().push(outcome.clone());
            return Held::Yes;
        }
        let own =
            self.items.get(&key).is_some_and(|item| item.hold == *hold && item.stands(outcome.digest()));
        if own { Held::Yes } else { Held::Lost }
    }

    pub(super) fn replace(&mut self, key: Fingerprint, decided: Digest, outcome: &Outcome) -> Held {
        match self.items.get_mut(&key) {
            Some(item) if item.state == State::Decided && item.stands(decided) => {
                item.outcome = Some(outcome.clone());
                self.decided.entry(key).or_default().push(outcome.clone());
                Held::Yes
            }
            Some(item) if item.stands(outcome.digest()) => Held::Yes,
            _ => Held::Lost,
        }
    }

    pub(super) fn reported(&mut self, key: Fingerprint, decided: Digest, receipt: &Receipt) -> Held {
        match self.items.get_mut(&key) {
            Some(item) if item.stands(decided) => {
                if item.state == State::Decided {
                    (item.state, item.receipt) = (State::Reported, Some(receipt.clone()));
                }
                Held::Yes
            }
            _ => Held::Lost,
        }
    }
}

impl Item {
    /// Whether the outcome of that digest is decided, told or not.
    fn stands(&self, digest: Digest) -> bool {
        self.outcome.as_ref().is_some_and(|outcome| outcome.digest() == digest)
    }
}
