//! A ledger that outlives the processes: one item a task and conditional writes, as in DynamoDB.
//! A request travels before and after its effect, so that a process can die in between.

mod items;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use taskback::BoxFuture;
use taskback::core::{Digest, Fingerprint, Outcome, Receipt};
use taskback::ledger::{Claim, Held, Hold, Ledger, Unreachable};
use tokio::time::{Instant, sleep};

use items::{Item, State};

/// What goes wrong with the store's calls, counted from 0 over all processes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Trouble {
    /// The write takes place and its answer is lost.
    LostAnswer { call: usize },
    /// That many calls do not reach the store.
    Down { from: usize, calls: usize },
}

#[derive(Clone)]
pub(super) struct Store(Arc<Mutex<Table>>);

struct Table {
    items: HashMap<Fingerprint, Item>,
    /// Every outcome that was decided, the first one first.
    decided: HashMap<Fingerprint, Vec<Outcome>>,
    trouble: Option<Trouble>,
    calls: usize,
    rng: Rng,
    /// The store's clock when this life of a process began, and that process's clock then.
    before: Duration,
    began: Option<Instant>,
}

impl Store {
    pub(super) fn new(seed: u64, trouble: Option<Trouble>) -> Self {
        Self(Arc::new(Mutex::new(Table {
            items: HashMap::new(),
            decided: HashMap::new(),
            trouble,
            calls: 0,
            rng: Rng::with_seed(seed),
            before: Duration::ZERO,
            began: None,
        })))
    }

    /// Processes begin to live, each with a clock of its own that starts now.
    pub(super) fn begin(&self) {
        self.0.lock().unwrap().began = Some(Instant::now());
    }

    /// The processes are gone and time passes without any.
    pub(super) fn end(&self, pause: Duration) {
        let mut table = self.0.lock().unwrap();
        table.before = table.now() + pause;
        table.began = None;
    }

    /// Every outcome that was decided of the task, the first one first.
    pub(super) fn decided(&self, key: &Fingerprint) -> Vec<Outcome> {
        self.0.lock().unwrap().decided.get(key).cloned().unwrap_or_default()
    }

    pub(super) fn was_out_of_reach(&self) -> bool {
        let table = self.0.lock().unwrap();
        matches!(table.trouble, Some(Trouble::Down { from, .. }) if table.calls > from)
    }

    pub(super) fn calls(&self) -> usize {
        self.0.lock().unwrap().calls
    }

    /// One call: there, its effect, and back, each way taking its time.
    fn call<'a, T: Send + 'a>(
        &'a self,
        effect: impl FnOnce(&mut Table) -> T + Send + 'a,
    ) -> BoxFuture<'a, Result<T, Unreachable>> {
        Box::pin(async move {
            let lost = || Err(Unreachable("the test's own fault".into()));
            let (there, back, trouble) = self.0.lock().unwrap().next_call();
            sleep(there).await;
            if matches!(trouble, Some(Trouble::Down { .. })) {
                return lost();
            }
            let answer = effect(&mut self.0.lock().unwrap());
            sleep(back).await;
            if trouble.is_some() { lost() } else { Ok(answer) }
        })
    }
}

impl Table {
    fn now(&self) -> Duration {
        self.before + self.began.expect("no process lives").elapsed()
    }

    fn next_call(&mut self) -> (Duration, Duration, Option<Trouble>) {
        let mut way = || Duration::from_millis(self.rng.u64(1..20));
        let (there, back) = (way(), way());
        let this = self.calls;
        self.calls += 1;
        let meets = |trouble: &Trouble| match *trouble {
            Trouble::LostAnswer { call } => call == this,
            Trouble::Down { from, calls } => (from..from + calls).contains(&this),
        };
        (there, back, self.trouble.filter(meets))
    }
}

impl Ledger for Store {
    fn is_shared(&self) -> bool {
        true
    }

    fn claim<'a>(
        &'a self,
        key: &'a Fingerprint,
        owner: &'a str,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Claim, Unreachable>> {
        self.call(move |table| table.claim(*key, owner, lease))
    }

    fn renew<'a>(
        &'a self,
        key: &'a Fingerprint,
        hold: &'a Hold,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Held, Unreachable>> {
        self.call(move |table| {
            let until = table.now() + lease;
            table.running(*key, hold).map_or(Held::Lost, |item| {
                item.until = until;
                Held::Yes
            })
        })
    }

    fn release<'a>(&'a self, key: &'a Fingerprint, hold: &'a Hold) -> BoxFuture<'a, Result<(), Unreachable>> {
        self.call(move |table| {
            if let Some(item) = table.running(*key, hold) {
                item.state = State::Released;
            }
        })
    }

    fn decide<'a>(
        &'a self,
        key: &'a Fingerprint,
        hold: &'a Hold,
        outcome: &'a Outcome,
    ) -> BoxFuture<'a, Result<Held, Unreachable>> {
        self.call(move |table| table.decide(*key, hold, outcome))
    }

    fn replace<'a>(
        &'a self,
        key: &'a Fingerprint,
        decided: Digest,
        outcome: &'a Outcome,
    ) -> BoxFuture<'a, Result<Held, Unreachable>> {
        self.call(move |table| table.replace(*key, decided, outcome))
    }

    fn reported<'a>(
        &'a self,
        key: &'a Fingerprint,
        decided: Digest,
        receipt: &'a Receipt,
    ) -> BoxFuture<'a, Result<Held, Unreachable>> {
        self.call(move |table| table.reported(*key, decided, receipt))
    }
}
