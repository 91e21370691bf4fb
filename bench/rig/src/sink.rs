//! SWF and FnF as a handler sees them: takes reports, late or lossy or limited as planned, and counts
//! them by token.

mod bucket;
mod wire;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::{Request, Response};
use tokio::task::yield_now;
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

use crate::Error;
use crate::server::{Answers, json, serve};

pub use bucket::{REFILL, SIZE};

use bucket::Bucket;
use wire::{Call, Verdict};

/// How reports are taken.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plan {
    /// From the request to its answer.
    pub latency: Duration,
    /// What a step takes. The worker's is an endpoint of ours, those of the others are timers.
    pub step: Duration,
    /// Of so many reports taken, the answer of one is lost; 0 = of none.
    pub lost_one_in: u64,
    /// FnF's bucket for the reports of an account: 10 at once, 2 a second.
    pub limited: bool,
}

/// A running service; clones share it.
#[derive(Clone)]
pub struct Sink {
    pub address: SocketAddr,
    shared: Arc<Service>,
}

/// What came.
#[derive(Clone, Debug, Default)]
pub struct Books {
    tasks: HashMap<String, Seen>,
    /// Reports that were refused for their number.
    pub refused: u64,
    /// Reports that were taken and whose answer was lost.
    pub lost: u64,
    /// The most reports at one time.
    pub most_at_once: usize,
    at_once: usize,
    taken: u64,
}

/// Of one token.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    attempts: u64,
    accepted: u64,
}

impl Books {
    /// Tokens that were accepted: never more often than once, for the sink closes them.
    pub fn accepted(&self) -> u64 {
        self.tasks.values().map(|seen| seen.accepted).sum()
    }

    /// Reports of tokens, accepted or not.
    pub fn attempts(&self) -> u64 {
        self.tasks.values().map(|seen| seen.attempts).sum()
    }
}

impl Sink {
    pub async fn start(plan: Plan, tls: Option<TlsAcceptor>) -> Result<Self, Error> {
        let bucket = plan.limited.then(|| Mutex::new(Bucket::full()));
        let shared = Arc::new(Service { plan, bucket, books: Mutex::default() });
        Ok(Self { address: serve(Arc::clone(&shared), tls).await?, shared })
    }

    pub fn books(&self) -> Books {
        self.shared.books().clone()
    }

    /// What a handler must be told to have that step and to report to SWF here.
    pub fn vars(&self) -> Vec<(&'static str, String)> {
        let here = format!("http://{}", self.address);
        let step = self.shared.plan.step;
        let mut vars = vec![("AWS_ENDPOINT_URL_SWF", here.clone())];
        if !step.is_zero() {
            vars.push(("TASKBACK_STEP", format!("{here}{STEP}")));
            vars.push(("BENCH_STEP_MS", step.as_millis().to_string()));
        }
        vars
    }
}

const STEP: &str = "/step";

/// To the microsecond, for the rig has a core of its own: tokio's timers are up to two milliseconds late.
async fn wait(time: Duration) {
    let until = Instant::now() + time;
    sleep(time.saturating_sub(Duration::from_millis(2))).await;
    while Instant::now() < until {
        yield_now().await;
    }
}

struct Service {
    plan: Plan,
    bucket: Option<Mutex<Bucket>>,
    books: Mutex<Books>,
}

impl Answers for Service {
    async fn answer(&self, request: Request<Bytes>) -> Option<Response<Bytes>> {
        if request.uri().path() == STEP {
            wait(self.plan.step).await;
            return Some(json(200, r#"{"cardNumber":"**** **** **** 1111","valid":true}"#));
        }
        let call = Call::of(&request)?;
        let Some(token) = &call.token else { return Some(call.answer(Verdict::NoReport)) };
        {
            let mut books = self.books();
            books.at_once += 1;
            books.most_at_once = books.most_at_once.max(books.at_once);
        }
        if !self.plan.latency.is_zero() {
            wait(self.plan.latency).await;
        }
        match self.judge(token) {
            Verdict::Lost => None,
            verdict => Some(call.answer(verdict)),
        }
    }
}

impl Service {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn judge(&self, token: &str) -> Verdict {
        let room = self
            .bucket
            .as_ref()
            .is_none_or(|bucket| bucket.lock().unwrap_or_else(PoisonError::into_inner).take());
        let mut books = self.books();
        books.at_once -= 1;
        let seen = books.tasks.entry(token.to_owned()).or_default();
        seen.attempts += 1;
        if !room {
            books.refused += 1;
            return Verdict::Throttled;
        }
        if seen.accepted > 0 {
            return Verdict::Closed;
        }
        seen.accepted = 1;
        books.taken += 1;
        if self.plan.lost_one_in > 0 && books.taken.is_multiple_of(self.plan.lost_one_in) {
            books.lost += 1;
            return Verdict::Lost;
        }
        Verdict::Taken
    }
}
