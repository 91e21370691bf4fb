use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use taskback_core::{Fingerprint, Outcome, Service, ServiceResponse, TaskToken};
use tokio::time::sleep;

use super::reported::Reported;
use crate::future::BoxFuture;
use crate::service::{HeartbeatStatus, ReportRequest, Reporter};

/// A service in memory: every task is open until a report of it is accepted, which happens once. Clones
/// share it.
#[derive(Clone)]
pub struct ScriptedService {
    service: Service,
    shared: Arc<Mutex<Shared>>,
}

/// The fate of one report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Not accepted: too many calls.
    Throttled,
    /// Not accepted: HTTP 500 with the service's own code.
    ServerError,
    /// Accepted, and the answer is lost.
    LostAnswer,
    /// Not accepted, and the connection breaks, which looks the same as [`LostAnswer`](Self::LostAnswer).
    Reset,
    /// Not accepted: there is no connection.
    Refused,
    /// Accepted, but the answer comes that much later.
    Slow(Duration),
    /// Never answered, and not accepted.
    Hangs,
    /// Not accepted: the report is refused for its size.
    TooLarge,
    /// Not accepted: the output is refused for its form.
    BadForm,
    /// Not accepted: credentials or policy.
    Denied,
    /// Not accepted: a code that no table has.
    Unexpected,
    /// Not accepted: a 502 with a gateway's HTML page.
    Html,
    /// Closed by another party just before this report.
    ClosedByAnother,
}

#[derive(Default)]
struct Shared {
    faults: VecDeque<Fault>,
    tasks: HashMap<Fingerprint, TaskLog>,
}

#[derive(Clone, Default)]
struct TaskLog {
    accepted: Vec<Outcome>,
    closed: bool,
    attempts: u32,
    heartbeats: Vec<String>,
    cancel_requested: bool,
}

impl ScriptedService {
    /// A service that accepts every first report.
    pub fn new(service: Service) -> Self {
        Self { service, shared: Arc::default() }
    }

    /// Gives the next reports these faults, one each, in this order.
    pub fn fail_with(&self, faults: impl IntoIterator<Item = Fault>) {
        self.shared().faults.extend(faults);
    }

    /// Closes the task as another party: its time is over, or its workflow ended.
    pub fn close(&self, token: &TaskToken) {
        self.shared().tasks.entry(token.fingerprint()).or_default().closed = true;
    }

    /// Asks for the task's cancellation, as its workflow would.
    pub fn request_cancellation(&self, token: &TaskToken) {
        self.shared().tasks.entry(token.fingerprint()).or_default().cancel_requested = true;
    }

    /// The outcomes that were accepted for the task, for an assertion that shows values.
    pub fn reported(&self, token: &TaskToken) -> Vec<Reported> {
        self.log(token).accepted.iter().map(Reported::from).collect()
    }

    /// The same outcomes exactly, in the step's own JSON; their `Debug` shows no values. More than one would be an error
    /// of this service.
    pub fn accepted(&self, token: &TaskToken) -> Vec<Outcome> {
        self.log(token).accepted
    }

    /// The number of reports for the task, accepted or not.
    pub fn attempts(&self, token: &TaskToken) -> u32 {
        self.log(token).attempts
    }

    /// The details of every heartbeat of the task.
    pub fn heartbeats(&self, token: &TaskToken) -> Vec<String> {
        self.log(token).heartbeats
    }

    fn log(&self, token: &TaskToken) -> TaskLog {
        self.shared().tasks.get(&token.fingerprint()).cloned().unwrap_or_default()
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Accepts the report where the task is open.
    fn accept(&self, token: &TaskToken, outcome: &Outcome) -> ServiceResponse {
        let mut shared = self.shared();
        let task = shared.tasks.entry(token.fingerprint()).or_default();
        if task.closed {
            return self.service.spec().refusals.closed.response(REQUEST_ID);
        }
        task.closed = true;
        task.accepted.push(outcome.clone());
        ServiceResponse::Accepted { request_id: None }
    }

    fn next_fault(&self, token: &TaskToken) -> Option<Fault> {
        let mut shared = self.shared();
        shared.tasks.entry(token.fingerprint()).or_default().attempts += 1;
        shared.faults.pop_front()
    }

    async fn respond(&self, token: &TaskToken, outcome: &Outcome) -> ServiceResponse {
        let no_response = |sent, reason: &str| ServiceResponse::NoResponse { sent, reason: reason.into() };
        let refusals = &self.service.spec().refusals;
        let Some(fault) = self.next_fault(token) else { return self.accept(token, outcome) };
        match fault {
            Fault::Throttled => refusals.throttled.response(REQUEST_ID),
            Fault::ServerError => refusals.server_error.response(REQUEST_ID),
            Fault::LostAnswer => {
                self.accept(token, outcome);
                no_response(true, "the connection broke")
            }
            Fault::Reset => no_response(true, "the connection broke"),
            Fault::Refused => no_response(false, "no connection"),
            Fault::Slow(time) => {
                let response = self.accept(token, outcome);
                sleep(time).await;
                response
            }
            Fault::Hangs => std::future::pending().await,
            Fault::TooLarge => refusals.too_large.response(REQUEST_ID),
            Fault::BadForm => refusals.bad_form.response(REQUEST_ID),
            Fault::Denied => refusals.denied.response(REQUEST_ID),
            Fault::Unexpected => ServiceResponse::Refused {
                status: 400,
                code: Some("SomethingNew".into()),
                message: String::new(),
                request_id: Some(REQUEST_ID.into()),
            },
            Fault::Html => {
                ServiceResponse::Refused { status: 502, code: None, message: String::new(), request_id: None }
            }
            Fault::ClosedByAnother => {
                self.close(token);
                self.accept(token, outcome)
            }
        }
    }
}

/// The id of every request that is refused.
const REQUEST_ID: &str = "scripted";

impl Reporter for ScriptedService {
    fn service(&self) -> Service {
        self.service
    }

    fn report<'a>(&'a self, request: ReportRequest<'a>) -> BoxFuture<'a, ServiceResponse> {
        Box::pin(self.respond(request.token, request.outcome))
    }

    fn heartbeat<'a>(&'a self, token: &'a TaskToken, progress: &'a str) -> BoxFuture<'a, HeartbeatStatus> {
        Box::pin(async move {
            if self.service.spec().heartbeat_action.is_none() {
                return HeartbeatStatus::Unsupported;
            }
            let mut shared = self.shared();
            let task = shared.tasks.entry(token.fingerprint()).or_default();
            task.heartbeats.push(progress.to_owned());
            if task.closed {
                HeartbeatStatus::Closed
            } else if task.cancel_requested {
                HeartbeatStatus::CancelRequested
            } else {
                HeartbeatStatus::Continue
            }
        })
    }
}

/// Shows the values that were reported, by the short fingerprints of their tasks: they are those of a test.
impl fmt::Debug for ScriptedService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shared = self.shared();
        let tasks: BTreeMap<_, _> = shared.tasks.iter().collect();
        f.debug_struct("ScriptedService")
            .field("service", &self.service)
            .field("tasks", &tasks)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for TaskLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { accepted, closed, attempts, heartbeats, .. } = self;
        let reported: Vec<_> = accepted.iter().map(Reported::from).collect();
        f.debug_struct("TaskLog")
            .field("reported", &reported)
            .field("closed", closed)
            .field("attempts", attempts)
            .field("heartbeats", heartbeats)
            .finish_non_exhaustive()
    }
}
