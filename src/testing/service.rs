use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use taskback_core::{Answer, Fingerprint, Outcome, Service, TaskToken, fnf, swf};
use tokio::time::{Instant, sleep};

use crate::{Beat, BoxFuture, Reporter, Slot};

/// A service in memory: every task is open until it takes a report, and takes one only. Clones
/// share it.
#[derive(Clone)]
pub struct ScriptedService {
    service: Service,
    shared: Arc<Mutex<Shared>>,
}

/// What happens to one report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Not taken: too many calls.
    Throttled,
    /// Not taken: HTTP 500 with the service's own code.
    ServerError,
    /// Taken, and the answer is lost.
    LostAnswer,
    /// Not taken, and the connection breaks, which looks the same as [`LostAnswer`](Self::LostAnswer).
    Reset,
    /// Not taken: no connection comes about.
    Refused,
    /// Taken, but the answer comes that much later.
    Slow(Duration),
    /// Never answered, and not taken.
    Hangs,
    /// Not taken: the report is refused for its size.
    TooLarge,
    /// Not taken: the output is refused for its form.
    BadForm,
    /// Not taken: credentials or policy.
    Denied,
    /// Not taken: a code that nobody knows.
    Unexpected,
    /// Not taken: a 502 with a gateway's HTML page.
    Html,
    /// Closed by somebody else just before this report.
    ClosedByAnother,
}

#[derive(Default)]
struct Shared {
    faults: VecDeque<Fault>,
    tasks: HashMap<Fingerprint, Seen>,
}

#[derive(Clone, Default)]
struct Seen {
    accepted: Vec<Outcome>,
    closed: bool,
    attempts: u32,
    heartbeats: Vec<String>,
    cancel_requested: bool,
}

impl ScriptedService {
    /// A service that takes every first report.
    pub fn new(service: Service) -> Self {
        Self { service, shared: Arc::default() }
    }

    /// The next reports meet these faults, one each, in this order.
    pub fn fail_with(&self, faults: impl IntoIterator<Item = Fault>) {
        self.shared().faults.extend(faults);
    }

    /// Somebody else closes the task: its time is over, or its workflow ended.
    pub fn close(&self, token: &TaskToken) {
        self.shared().tasks.entry(token.fingerprint()).or_default().closed = true;
    }

    /// The workflow asks for the task's cancellation.
    pub fn request_cancellation(&self, token: &TaskToken) {
        self.shared().tasks.entry(token.fingerprint()).or_default().cancel_requested = true;
    }

    /// Every outcome that was taken of the task: more than one is a fault of whoever reported.
    pub fn accepted(&self, token: &TaskToken) -> Vec<Outcome> {
        self.seen(token).accepted
    }

    /// How many reports came for the task, taken or not.
    pub fn attempts(&self, token: &TaskToken) -> u32 {
        self.seen(token).attempts
    }

    /// The details of every heartbeat of the task.
    pub fn heartbeats(&self, token: &TaskToken) -> Vec<String> {
        self.seen(token).heartbeats
    }

    fn seen(&self, token: &TaskToken) -> Seen {
        self.shared().tasks.get(&token.fingerprint()).cloned().unwrap_or_default()
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the report where the task is open.
    fn take(&self, token: &TaskToken, outcome: &Outcome) -> Answer {
        let mut shared = self.shared();
        let task = shared.tasks.entry(token.fingerprint()).or_default();
        if task.closed {
            return match self.service {
                Service::Fnf => refused(400, "TaskAlreadyCompleted", "task is completed"),
                Service::Swf => {
                    refused(400, "UnknownResourceFault", "Unknown activity, scheduledEventId = 5")
                }
            };
        }
        task.closed = true;
        task.accepted.push(outcome.clone());
        Answer::Accepted { request_id: None }
    }

    fn next_fault(&self, token: &TaskToken) -> Option<Fault> {
        let mut shared = self.shared();
        shared.tasks.entry(token.fingerprint()).or_default().attempts += 1;
        shared.faults.pop_front()
    }

    async fn answer(&self, token: &TaskToken, outcome: &Outcome) -> Answer {
        let lost = || Answer::Missing { sent: true, why: "the connection broke".into() };
        let fnf = self.service == Service::Fnf;
        match self.next_fault(token) {
            None => self.take(token, outcome),
            Some(Fault::Throttled) if fnf => refused(429, "ResourceThrottled", ""),
            Some(Fault::Throttled) => refused(400, "ThrottlingException", "Rate exceeded"),
            Some(Fault::ServerError) if fnf => refused(500, "InternalServerError", ""),
            Some(Fault::ServerError) => refused(500, "InternalFailure", ""),
            Some(Fault::LostAnswer) => {
                self.take(token, outcome);
                lost()
            }
            Some(Fault::Reset) => lost(),
            Some(Fault::Refused) => Answer::Missing { sent: false, why: "no connection".into() },
            Some(Fault::Slow(time)) => {
                let answer = self.take(token, outcome);
                sleep(time).await;
                answer
            }
            Some(Fault::Hangs) => std::future::pending().await,
            Some(Fault::TooLarge) if fnf => refused(400, "EntityTooLarge", ""),
            Some(Fault::TooLarge) => {
                refused(400, "ValidationException", &constraint("length less than 32769"))
            }
            Some(Fault::BadForm) if fnf => refused(400, "InvalidArgument", "Output must be JSON"),
            Some(Fault::BadForm) => refused(400, "ValidationException", &constraint("a pattern")),
            Some(Fault::Denied) if fnf => refused(403, "AccessDenied", ""),
            Some(Fault::Denied) => refused(400, "AccessDeniedException", ""),
            Some(Fault::Unexpected) => refused(400, "SomethingNew", ""),
            Some(Fault::Html) => {
                Answer::Refused { status: 502, code: None, message: String::new(), request_id: None }
            }
            Some(Fault::ClosedByAnother) => {
                self.close(token);
                self.take(token, outcome)
            }
        }
    }
}

impl Reporter for ScriptedService {
    fn service(&self) -> Service {
        self.service
    }

    fn fit(&self, outcome: Outcome) -> Outcome {
        match self.service {
            Service::Fnf => fnf::fit(outcome, fnf::OUTPUT_BYTES),
            Service::Swf => swf::fit(outcome),
        }
    }

    fn report<'a>(
        &'a self,
        token: &'a TaskToken,
        outcome: &'a Outcome,
        _slot: Option<Slot>,
        _by: Instant,
    ) -> BoxFuture<'a, Answer> {
        Box::pin(self.answer(token, outcome))
    }

    fn heartbeat<'a>(&'a self, token: &'a TaskToken, progress: &'a str) -> BoxFuture<'a, Beat> {
        Box::pin(async move {
            if self.service == Service::Fnf {
                return Beat::Unsupported;
            }
            let mut shared = self.shared();
            let task = shared.tasks.entry(token.fingerprint()).or_default();
            task.heartbeats.push(progress.to_owned());
            match (task.closed, task.cancel_requested) {
                (true, _) => Beat::Closed,
                (false, true) => Beat::CancelRequested,
                (false, false) => Beat::Alive,
            }
        })
    }
}

fn refused(status: u16, code: &str, message: &str) -> Answer {
    Answer::Refused { status, code: Some(code.into()), message: message.into(), request_id: None }
}

fn constraint(what: &str) -> String {
    format!(
        "1 validation error detected: Value 'x' at 'result' failed to satisfy constraint: Member must have {what}"
    )
}
