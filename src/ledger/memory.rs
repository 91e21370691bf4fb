use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use taskback_core::{Digest, Fingerprint, Outcome, Receipt};
use tokio::time::Instant;

use super::{Claim, Held, Hold, Ledger, Unreachable};
use crate::BoxFuture;

/// The ledger of one process, bounded.
///
/// It promises what one process can: at most one accepted outcome, no delivery Done without a
/// receipt, no task untold. It forgets with its process, so that a task whose process died runs
/// again.
#[derive(Debug)]
pub struct Memory {
    most: usize,
    shared: bool,
    records: Mutex<Records>,
}

impl Memory {
    /// Room for `most` tasks. When it is full the oldest Reported and released ones go (an epoch that
    /// is forgotten harms nobody here, for no two owners of one process have the same name); full of
    /// others it counts as unreachable.
    pub fn new(most: usize) -> Self {
        Self { most, shared: false, records: Mutex::default() }
    }

    /// The same ledger, for a worker and a dead-letter handler of one program that both hold it: it
    /// then counts as shared.
    pub fn shared(mut self) -> Self {
        self.shared = true;
        self
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new(10_000)
    }
}

#[derive(Debug, Default)]
struct Records {
    by_key: HashMap<Fingerprint, Record>,
    /// Tasks that were reported or released, oldest first: what may be forgotten, unless it was
    /// claimed again.
    idle: VecDeque<Fingerprint>,
    /// The same tasks, so that each is in line once.
    in_line: HashSet<Fingerprint>,
}

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
    Decided {
        outcome: Outcome,
        digest: Digest,
        by: Hold,
    },
    Reported {
        digest: Digest,
        receipt: Receipt,
    },
}

impl Record {
    fn is_held_by(&self, mine: &Hold) -> bool {
        matches!(self, Self::Running { hold, .. } if hold == mine)
    }

    fn is_idle(&self) -> bool {
        matches!(self, Self::Released { .. } | Self::Reported { .. })
    }

    fn is_decided(&self, its: Digest) -> bool {
        matches!(self, Self::Decided { digest, .. } if *digest == its)
    }
}

impl Records {
    fn claim(
        &mut self,
        key: &Fingerprint,
        owner: &str,
        lease: Duration,
        most: usize,
    ) -> Result<Claim, Unreachable> {
        let now = Instant::now();
        let epoch = match self.by_key.get(key) {
            None => {
                self.make_room(most)?;
                1
            }
            Some(Record::Released { epoch }) => epoch + 1,
            Some(Record::Running { hold, until }) if hold.owner != owner && *until > now => {
                return Ok(Claim::Running(*until - now));
            }
            Some(Record::Running { hold, .. }) => hold.epoch + u64::from(hold.owner != owner),
            Some(Record::Decided { outcome, .. }) => return Ok(Claim::Decided(outcome.clone())),
            Some(Record::Reported { receipt, .. }) => return Ok(Claim::Reported(receipt.clone())),
        };
        let hold = Hold { owner: owner.to_owned(), epoch };
        self.by_key.insert(*key, Record::Running { hold: hold.clone(), until: now + lease });
        Ok(Claim::Ours(hold))
    }

    fn make_room(&mut self, most: usize) -> Result<(), Unreachable> {
        if self.by_key.len() < most {
            return Ok(());
        }
        while let Some(oldest) = self.idle.pop_front() {
            self.in_line.remove(&oldest);
            if self.by_key.get(&oldest).is_some_and(Record::is_idle) {
                self.by_key.remove(&oldest);
                return Ok(());
            }
        }
        Err(Unreachable(format!("memory is full of {most} tasks without a receipt")))
    }

    fn line_up(&mut self, key: &Fingerprint) {
        if self.in_line.insert(*key) {
            self.idle.push_back(*key);
        }
    }

    fn renew(&mut self, key: &Fingerprint, mine: &Hold, lease: Duration) -> Held {
        match self.by_key.get_mut(key) {
            Some(Record::Running { hold, until }) if hold == mine => {
                *until = Instant::now() + lease;
                Held::Yes
            }
            _ => Held::Lost,
        }
    }

    fn release(&mut self, key: &Fingerprint, mine: &Hold) {
        if let Some(record) = self.by_key.get_mut(key)
            && record.is_held_by(mine)
        {
            *record = Record::Released { epoch: mine.epoch };
            self.line_up(key);
        }
    }

    fn decide(&mut self, key: &Fingerprint, mine: &Hold, outcome: &Outcome) -> Held {
        let digest = outcome.digest();
        match self.by_key.get_mut(key) {
            Some(record) if record.is_held_by(mine) => {
                *record = Record::Decided { outcome: outcome.clone(), digest, by: mine.clone() };
                Held::Yes
            }
            Some(Record::Decided { digest: there, by, .. }) if by == mine && *there == digest => Held::Yes,
            _ => Held::Lost,
        }
    }

    fn replace(&mut self, key: &Fingerprint, decided: Digest, outcome: &Outcome) -> Held {
        let digest = outcome.digest();
        match self.by_key.get_mut(key) {
            Some(Record::Decided { outcome: there, digest: its, .. }) if *its == decided => {
                (*there, *its) = (outcome.clone(), digest);
                Held::Yes
            }
            Some(Record::Decided { digest: its, .. } | Record::Reported { digest: its, .. })
                if *its == digest =>
            {
                Held::Yes
            }
            _ => Held::Lost,
        }
    }

    fn reported(&mut self, key: &Fingerprint, decided: Digest, receipt: &Receipt) -> Held {
        match self.by_key.get_mut(key) {
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

impl Ledger for Memory {
    fn is_shared(&self) -> bool {
        self.shared
    }

    fn claim<'a>(
        &'a self,
        key: &'a Fingerprint,
        owner: &'a str,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Claim, Unreachable>> {
        ready(self.records().claim(key, owner, lease, self.most))
    }

    fn renew<'a>(
        &'a self,
        key: &'a Fingerprint,
        hold: &'a Hold,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Held, Unreachable>> {
        ready(Ok(self.records().renew(key, hold, lease)))
    }

    fn release<'a>(&'a self, key: &'a Fingerprint, hold: &'a Hold) -> BoxFuture<'a, Result<(), Unreachable>> {
        self.records().release(key, hold);
        ready(Ok(()))
    }

    fn decide<'a>(
        &'a self,
        key: &'a Fingerprint,
        hold: &'a Hold,
        outcome: &'a Outcome,
    ) -> BoxFuture<'a, Result<Held, Unreachable>> {
        ready(Ok(self.records().decide(key, hold, outcome)))
    }

    fn replace<'a>(
        &'a self,
        key: &'a Fingerprint,
        decided: Digest,
        outcome: &'a Outcome,
    ) -> BoxFuture<'a, Result<Held, Unreachable>> {
        ready(Ok(self.records().replace(key, decided, outcome)))
    }

    fn reported<'a>(
        &'a self,
        key: &'a Fingerprint,
        decided: Digest,
        receipt: &'a Receipt,
    ) -> BoxFuture<'a, Result<Held, Unreachable>> {
        ready(Ok(self.records().reported(key, decided, receipt)))
    }
}

fn ready<'a, T: Send + 'a>(value: T) -> BoxFuture<'a, T> {
    Box::pin(std::future::ready(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use taskback_core::{Service, TaskToken};

    fn key(name: &str) -> Fingerprint {
        TaskToken::new(Service::Swf, name).unwrap().fingerprint()
    }

    async fn released(memory: &Memory, key: &Fingerprint, owner: &str) {
        let claim = memory.claim(key, owner, Duration::from_secs(1)).await;
        let Ok(Claim::Ours(hold)) = claim else { panic!("{claim:?}") };
        memory.release(key, &hold).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_comes_again_and_again_takes_no_more_room_each_time() {
        let memory = Memory::new(2);
        for time in 0..1000 {
            released(&memory, &key("again"), &time.to_string()).await;
        }
        assert_eq!(memory.records().idle.len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_claimed_again_is_not_forgotten_and_can_be_once_it_is_released() {
        let memory = Memory::new(2);
        for name in ["a", "b"] {
            released(&memory, &key(name), "first").await;
        }
        let claim = memory.claim(&key("a"), "second", Duration::from_secs(1)).await;
        let Ok(Claim::Ours(hold)) = claim else { panic!("{claim:?}") };
        released(&memory, &key("c"), "third").await;
        assert_eq!(memory.renew(&key("a"), &hold, Duration::from_secs(1)).await, Ok(Held::Yes));
        memory.release(&key("a"), &hold).await.unwrap();
        for name in ["d", "e", "f"] {
            released(&memory, &key(name), "fourth").await;
        }
        assert_eq!(memory.records().by_key.len(), 2);
    }
}
