use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use taskback_core::{Digest, Fingerprint, Outcome, Receipt};
use tokio::time::Instant;

use crate::ledger::{Claim, Held, Hold, Unreachable};

#[derive(Debug, Default)]
pub(super) struct Records {
    by_key: HashMap<Fingerprint, Entry>,
    /// Tasks that were reported or released, oldest first: what may be forgotten, unless it was
    /// claimed again.
    idle: VecDeque<Fingerprint>,
}

#[derive(Debug)]
struct Entry {
    record: Record,
    /// Whether it is among the idle, so that it is there once.
    in_line: bool,
}

/// Thousands are Reported at a time and few are Decided: what is larger there is behind a pointer.
#[derive(Debug)]
enum Record {
    /// Absent to all who ask; the epoch outlives the claim.
    Released {
        epoch: u64,
    },
    Running {
        hold: Hold,
        until: Instant,
    },
    Decided(Box<Decided>),
    Reported {
        digest: Digest,
        receipt: Receipt,
    },
}

#[derive(Debug)]
struct Decided {
    outcome: Outcome,
    digest: Digest,
    by: Hold,
}

impl Record {
    fn is_held_by(&self, mine: &Hold) -> bool {
        matches!(self, Self::Running { hold, .. } if hold == mine)
    }

    fn is_idle(&self) -> bool {
        matches!(self, Self::Released { .. } | Self::Reported { .. })
    }

    fn is_decided(&self, its: Digest) -> bool {
        matches!(self, Self::Decided(decided) if decided.digest == its)
    }
}

impl Records {
    pub(super) fn claim(
        &mut self,
        key: &Fingerprint,
        owner: &str,
        lease: Duration,
        most: usize,
    ) -> Result<Claim, Unreachable> {
        let now = Instant::now();
        let epoch = match self.record(key) {
            None => {
                self.make_room(most)?;
                1
            }
            Some(Record::Released { epoch }) => *epoch + 1,
            Some(Record::Running { hold, until }) if hold.owner != owner && *until > now => {
                return Ok(Claim::Running(*until - now));
            }
            Some(Record::Running { hold, .. }) => hold.epoch + u64::from(hold.owner != owner),
            Some(Record::Decided(decided)) => return Ok(Claim::Decided(decided.outcome.clone())),
            Some(Record::Reported { receipt, .. }) => return Ok(Claim::Reported(receipt.clone())),
        };
        let hold = Hold { owner: owner.to_owned(), epoch };
        let record = Record::Running { hold: hold.clone(), until: now + lease };
        match self.record(key) {
            Some(there) => *there = record,
            None => drop(self.by_key.insert(*key, Entry { record, in_line: false })),
        }
        Ok(Claim::Ours(hold))
    }

    fn record(&mut self, key: &Fingerprint) -> Option<&mut Record> {
        self.by_key.get_mut(key).map(|entry| &mut entry.record)
    }

    fn make_room(&mut self, most: usize) -> Result<(), Unreachable> {
        if self.by_key.len() < most {
            return Ok(());
        }
        while let Some(oldest) = self.idle.pop_front() {
            let Some(entry) = self.by_key.get_mut(&oldest) else { continue };
            entry.in_line = false;
            if entry.record.is_idle() {
                self.by_key.remove(&oldest);
                return Ok(());
            }
        }
        Err(Unreachable(format!("memory is full of {most} tasks without a receipt")))
    }

    fn line_up(&mut self, key: &Fingerprint) {
        if let Some(entry) = self.by_key.get_mut(key)
            && !std::mem::replace(&mut entry.in_line, true)
        {
            self.idle.push_back(*key);
        }
    }

    pub(super) fn renew(&mut self, key: &Fingerprint, mine: &Hold, lease: Duration) -> Held {
        match self.record(key) {
            Some(Record::Running { hold, until }) if hold == mine => {
                *until = Instant::now() + lease;
                Held::Yes
            }
            _ => Held::Lost,
        }
    }

    pub(super) fn release(&mut self, key: &Fingerprint, mine: &Hold) {
        if let Some(record) = self.record(key)
            && record.is_held_by(mine)
        {
            *record = Record::Released { epoch: mine.epoch };
            self.line_up(key);
        }
    }

    pub(super) fn decide(&mut self, key: &Fingerprint, mine: &Hold, outcome: &Outcome) -> Held {
        let digest = outcome.digest();
        match self.record(key) {
            Some(record) if record.is_held_by(mine) => {
                let decided = Decided { outcome: outcome.clone(), digest, by: mine.clone() };
                *record = Record::Decided(Box::new(decided));
                Held::Yes
            }
            Some(Record::Decided(there)) if there.by == *mine && there.digest == digest => Held::Yes,
            _ => Held::Lost,
        }
    }

    pub(super) fn replace(&mut self, key: &Fingerprint, decided: Digest, outcome: &Outcome) -> Held {
        let digest = outcome.digest();
        match self.record(key) {
            Some(Record::Decided(there)) if there.digest == decided => {
                (there.outcome, there.digest) = (outcome.clone(), digest);
                Held::Yes
            }
            Some(Record::Decided(there)) if there.digest == digest => Held::Yes,
            Some(Record::Reported { digest: its, .. }) if *its == digest => Held::Yes,
            _ => Held::Lost,
        }
    }

    pub(super) fn reported(&mut self, key: &Fingerprint, decided: Digest, receipt: &Receipt) -> Held {
        match self.record(key) {
            Some(record) if record.is_decided(decided) => {
                *record = Record::Reported { digest: decided, receipt: receipt.clone() };
                self.line_up(key);
                Held::Yes
            }
            Some(Record::Reported { digest, .. }) if *digest == decided => Held::Yes,
            _ => Held::Lost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use taskback_core::{Service, TaskToken};

    const SECOND: Duration = Duration::from_secs(1);

    fn key(name: &str) -> Fingerprint {
        TaskToken::new(Service::Swf, name).unwrap().fingerprint()
    }

    /// With room for two.
    fn claimed(records: &mut Records, name: &str, owner: &str) -> Hold {
        match records.claim(&key(name), owner, SECOND, 2) {
            Ok(Claim::Ours(hold)) => hold,
            other => panic!("{other:?}"),
        }
    }

    fn released(records: &mut Records, name: &str, owner: &str) {
        let hold = claimed(records, name, owner);
        records.release(&key(name), &hold);
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_comes_again_and_again_takes_no_more_room_each_time() {
        let mut records = Records::default();
        for time in 0..1000 {
            released(&mut records, "again", &time.to_string());
        }
        assert_eq!(records.idle.len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_claimed_again_is_not_forgotten_and_can_be_once_it_is_released() {
        let mut records = Records::default();
        for name in ["a", "b"] {
            released(&mut records, name, "first");
        }
        let hold = claimed(&mut records, "a", "second");
        released(&mut records, "c", "third");
        assert_eq!(records.renew(&key("a"), &hold, SECOND), Held::Yes);
        records.release(&key("a"), &hold);
        for name in ["d", "e", "f"] {
            released(&mut records, name, "fourth");
        }
        assert_eq!(records.by_key.len(), 2);
    }
}
