//! A ledger that outlives the processes, with one item per task and conditional writes, as in DynamoDB. A
//! request takes time before and after its effect, so a process can die in between.

mod items;

use std::collections::HashMap;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use fastrand::Rng;
use taskback::ledger::{Claim, ClaimRequest, Claimed, Lease, Ledger, LedgerError, WriteResult};
use taskback::{BoxFuture, Digest, Fingerprint, Outcome, Receipt};
use tokio::time::{Instant, sleep};

use items::{Item, State};

/// The trouble with the store's calls, which are counted from 0 over all processes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Trouble {
    /// The write takes effect and its response is lost.
    LostAnswer { call: usize },
    /// That many calls do not reach the store.
    Down { from: usize, calls: usize },
    /// The call never returns.
    Hangs { call: usize, written: bool },
    /// The request is in flight for that long, even if its caller gives up meanwhile.
    Late { call: usize, by: Duration },
    /// Only the claims of the first process reach the store.
    CutOff,
    /// Each refusal that the first process receives contains an unreadable item.
    DecodeError,
}

/// One process's connection to the store.
#[derive(Clone)]
pub(super) struct Store {
    table: Arc<Mutex<Table>>,
    is_first: bool,
}

struct Table {
    items: HashMap<Fingerprint, Item>,
    /// All decided outcomes, in order.
    decided: HashMap<Fingerprint, Vec<Outcome>>,
    trouble: Option<Trouble>,
    calls: usize,
    rng: Rng,
    /// The store's clock and the process's clock at the start of the process.
    before: Duration,
    began: Option<Instant>,
}

impl Store {
    pub(super) fn new(seed: u64, trouble: Option<Trouble>) -> Self {
        let table = Table {
            items: HashMap::new(),
            decided: HashMap::new(),
            trouble,
            calls: 0,
            rng: Rng::with_seed(seed),
            before: Duration::ZERO,
            began: None,
        };
        Self { table: Arc::new(Mutex::new(table)), is_first: false }
    }

    /// The connection of the process that receives the first delivery.
    pub(super) fn of_first_process(&self) -> Self {
        Self { is_first: true, ..self.clone() }
    }

    /// Starts processes, each with its own clock that starts now.
    pub(super) fn begin(&self) {
        self.table().began = Some(Instant::now());
    }

    /// Ends the processes and lets time pass without any.
    pub(super) fn end(&self, pause: Duration) {
        let mut table = self.table();
        table.before = table.now() + pause;
        table.began = None;
    }

    /// All outcomes decided for the task, in order.
    pub(super) fn decided(&self, key: &Fingerprint) -> Vec<Outcome> {
        self.table().decided.get(key).cloned().unwrap_or_default()
    }

    /// The epoch of the claim with a live lease.
    pub(super) fn leased_epoch(&self, key: &Fingerprint) -> Option<u64> {
        let table = self.table();
        let item = table.items.get(key)?;
        (item.state == State::Running && item.until > table.now()).then_some(item.lease.epoch)
    }

    pub(super) fn calls(&self) -> usize {
        self.table().calls
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap()
    }

    /// One call: the request, its effect and the response, each taking time. `refuses` says whether a
    /// response is a refusal, which contains the current item.
    fn call<'a, T: Send + 'static>(
        &'a self,
        is_claim: bool,
        refuses: impl Fn(&T) -> bool + Send + 'static,
        effect: impl FnOnce(&mut Table) -> T + Send + 'static,
    ) -> BoxFuture<'a, Result<T, LedgerError>> {
        Box::pin(async move {
            let lost = || Err(LedgerError::Unavailable("the test's own fault".into()));
            let (there, back, trouble) = self.table().next_call(self.is_first, is_claim);
            if let Some(Trouble::Late { by, .. }) = trouble {
                let table = Arc::clone(&self.table);
                let request = async move {
                    sleep(there + by).await;
                    effect(&mut table.lock().unwrap())
                };
                return tokio::spawn(request)
                    .await
                    .map_err(|_| LedgerError::Unavailable("the runtime ended".into()));
            }
            sleep(there).await;
            match trouble {
                Some(Trouble::Down { .. } | Trouble::CutOff) => return lost(),
                Some(Trouble::Hangs { written: false, .. }) => return pending().await,
                _ => {}
            }
            let answer = effect(&mut self.table());
            sleep(back).await;
            match trouble {
                Some(Trouble::LostAnswer { .. }) => lost(),
                Some(Trouble::Hangs { .. }) => pending().await,
                Some(Trouble::DecodeError) if refuses(&answer) => {
                    Err(LedgerError::Refused("unreadable item".into()))
                }
                _ => Ok(answer),
            }
        })
    }
}

impl Table {
    fn now(&self) -> Duration {
        self.before + self.began.expect("no process lives").elapsed()
    }

    fn next_call(&mut self, is_first: bool, is_claim: bool) -> (Duration, Duration, Option<Trouble>) {
        let mut way = || Duration::from_millis(self.rng.u64(1..20));
        let (there, back) = (way(), way());
        let this = self.calls;
        self.calls += 1;
        let meets = |trouble: &Trouble| match *trouble {
            Trouble::LostAnswer { call } | Trouble::Hangs { call, .. } | Trouble::Late { call, .. } => {
                call == this
            }
            Trouble::Down { from, calls } => (from..from + calls).contains(&this),
            Trouble::CutOff => is_first && !is_claim,
            Trouble::DecodeError => is_first,
        };
        (there, back, self.trouble.filter(meets))
    }
}

fn lost(held: &WriteResult) -> bool {
    *held == WriteResult::Superseded
}

impl Ledger for Store {
    fn is_shared(&self) -> bool {
        true
    }

    fn claim<'a>(
        &'a self,
        key: &'a Fingerprint,
        request: &'a ClaimRequest<'a>,
    ) -> BoxFuture<'a, Result<Claimed, LedgerError>> {
        let (key, owner, duration) = (*key, request.owner.to_owned(), request.duration);
        let refuses = |claimed: &Claimed| !matches!(claimed.claim, Claim::Acquired(_));
        self.call(true, refuses, move |table| Claimed {
            claim: table.claim(key, &owner, duration),
            input_differs: false,
        })
    }

    fn renew<'a>(
        &'a self,
        key: &'a Fingerprint,
        lease: &'a Lease,
        duration: Duration,
    ) -> BoxFuture<'a, Result<WriteResult, LedgerError>> {
        let (key, lease) = (*key, lease.clone());
        self.call(false, lost, move |table| {
            let until = table.now() + duration;
            table.running(key, &lease).map_or(WriteResult::Superseded, |item| {
                item.until = until;
                WriteResult::Applied
            })
        })
    }

    fn release<'a>(
        &'a self,
        key: &'a Fingerprint,
        lease: &'a Lease,
    ) -> BoxFuture<'a, Result<(), LedgerError>> {
        let (key, lease) = (*key, lease.clone());
        self.call(
            false,
            |()| false,
            move |table| {
                if let Some(item) = table.running(key, &lease) {
                    item.state = State::Released;
                }
            },
        )
    }

    fn decide<'a>(
        &'a self,
        key: &'a Fingerprint,
        lease: &'a Lease,
        outcome: &'a Outcome,
    ) -> BoxFuture<'a, Result<WriteResult, LedgerError>> {
        let (key, lease, outcome) = (*key, lease.clone(), outcome.clone());
        self.call(false, lost, move |table| table.decide(key, &lease, &outcome))
    }

    fn replace<'a>(
        &'a self,
        key: &'a Fingerprint,
        decided: Digest,
        outcome: &'a Outcome,
    ) -> BoxFuture<'a, Result<WriteResult, LedgerError>> {
        let (key, outcome) = (*key, outcome.clone());
        self.call(false, lost, move |table| table.replace(key, decided, &outcome))
    }

    fn mark_reported<'a>(
        &'a self,
        key: &'a Fingerprint,
        decided: Digest,
        receipt: &'a Receipt,
    ) -> BoxFuture<'a, Result<WriteResult, LedgerError>> {
        let (key, receipt) = (*key, receipt.clone());
        self.call(false, lost, move |table| table.reported(key, decided, &receipt))
    }
}
