//! The services for a handler: accepts reports with a planned latency, loss or limit, and counts them by token.

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

use crate::error::Error;
use crate::server::{Answers, json, serve};

pub use bucket::{REFILL, SIZE};

use bucket::Bucket;
use wire::{Call, Verdict};

/// The treatment of reports.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plan {
    /// The time from a request to its response.
    pub latency: Duration,
    /// The time of a step. The worker's is an endpoint of the sink, those of the others are timers.
    pub step: Duration,
    /// One of this number of accepted reports loses its response; 0 = none.
    pub lost_one_in: u64,
    /// True if FnF's limit applies: a burst of 10 reports, then 2 per second.
    pub limited: bool,
}

/// A running service; clones share it.
#[derive(Clone)]
pub struct Sink {
    pub address: SocketAddr,
    shared: Arc<Service>,
}

/// The reports received.
#[derive(Clone, Debug, Default)]
pub struct Records {
    tasks: HashMap<String, TokenCounts>,
    /// Throttled reports.
    pub refused: u64,
    /// Accepted reports whose response was lost.
    pub lost: u64,
    /// The maximum number of concurrent reports.
    pub max_concurrent: usize,
    concurrent: usize,
    taken: u64,
}

/// The reports of one token.
#[derive(Clone, Copy, Debug, Default)]
struct TokenCounts {
    attempts: u64,
    accepted: u64,
}

impl Records {
    /// The number of accepted tokens, each at most once, because the sink closes them.
    pub fn accepted(&self) -> u64 {
        self.tasks.values().map(|counts| counts.accepted).sum()
    }

    /// The number of reports, accepted or not.
    pub fn attempts(&self) -> u64 {
        self.tasks.values().map(|counts| counts.attempts).sum()
    }
}

impl Sink {
    pub async fn start(plan: Plan, tls: Option<TlsAcceptor>) -> Result<Self, Error> {
        let bucket = plan.limited.then(|| Mutex::new(Bucket::full()));
        let shared = Arc::new(Service { plan, bucket, records: Mutex::default() });
        Ok(Self { address: serve(Arc::clone(&shared), tls).await?, shared })
    }

    pub fn records(&self) -> Records {
        self.shared.records().clone()
    }

    /// The variables with which a handler runs the planned step and reports to this service.
    pub fn vars(&self) -> Vec<(&'static str, String)> {
        let here = format!("http://{}", self.address);
        let step = self.shared.plan.step;
        let services = ["AWS_ENDPOINT_URL_SWF", "AWS_ENDPOINT_URL_SFN", "AWS_ENDPOINT_URL_LAMBDA"];
        let mut vars = services.map(|name| (name, here.clone())).to_vec();
        if !step.is_zero() {
            vars.push(("TASKBACK_STEP", format!("{here}{STEP}")));
            vars.push(("BENCH_STEP_MS", step.as_millis().to_string()));
        }
        vars
    }
}

const STEP: &str = "/step";

/// Waits precisely, on the rig's own core: tokio's timers are up to two milliseconds late.
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
    records: Mutex<Records>,
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
            let mut records = self.records();
            records.concurrent += 1;
            records.max_concurrent = records.max_concurrent.max(records.concurrent);
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
    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn judge(&self, token: &str) -> Verdict {
        let room = self
            .bucket
            .as_ref()
            .is_none_or(|bucket| bucket.lock().unwrap_or_else(PoisonError::into_inner).take());
        let mut records = self.records();
        records.concurrent -= 1;
        let seen = records.tasks.entry(token.to_owned()).or_default();
        seen.attempts += 1;
        if !room {
            records.refused += 1;
            return Verdict::Throttled;
        }
        if seen.accepted > 0 {
            return Verdict::Closed;
        }
        seen.accepted = 1;
        records.taken += 1;
        if self.plan.lost_one_in > 0 && records.taken.is_multiple_of(self.plan.lost_one_in) {
            records.lost += 1;
            return Verdict::Lost;
        }
        Verdict::Accepted
    }
}
