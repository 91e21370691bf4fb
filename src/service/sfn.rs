mod history;
mod sdk;
mod signed;

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sfn::Client;
use taskback_core::sfn;
use taskback_core::{
    ClosedBy, Outcome, PriorAttempts, Receipt, ReportErrorKind, Service, ServiceResponse, TaskToken,
    judge_response,
};
use tokio::time::Instant;

use super::answer::{self, Answer};
use super::connector::Connector;
use super::reporter::{ClosedByRequest, HeartbeatStatus, ReportRequest, Reporter};
use crate::aws::{self, Clients, SignedCalls};
use crate::future::BoxFuture;
use signed::Signed;

pub(super) const CONNECTOR: Connector = Connector {
    connect: |clients| Box::pin(async { Ok(Sfn::connect(clients).map(|sfn| Arc::new(sfn) as _)) }),
    local: |url| Ok(Arc::new(Sfn::local(url))),
};

/// Step Functions through its official SDK, whose own retry is off.
///
/// ```
/// use taskback::{Services, Sfn};
///
/// # fn example(clients: &taskback::Clients) {
/// let services = Services::default().with(Sfn::new(clients.sfn()));
/// # let _ = services; }
/// ```
///
/// [`Services::connect`](crate::Services::connect) and [`local`](Self::local) send reports and heartbeats without the
/// SDK's `send()`, as signed requests that it would send too.
#[derive(Clone, Debug)]
pub struct Sfn {
    client: Client,
    /// `None` for a client of the user's own, whose interceptors and resolver apply.
    signed: Option<Signed>,
}

impl Sfn {
    /// A reporter over a client that has its retry off; [`crate::aws`] makes one. Every call goes through its `send()`.
    pub fn new(client: Client) -> Self {
        Self { client, signed: None }
    }

    fn with_signed_calls(client: Client, calls: Option<SignedCalls>) -> Self {
        let signed = calls.map(|calls| Signed::new(client.clone(), calls));
        Self { client, signed }
    }

    /// The reporter in the region of the AWS configuration; `None` where there is none.
    pub(crate) fn connect(clients: &Clients) -> Option<Self> {
        let calls = clients.signed_calls().cloned();
        clients.has_aws_region().then(|| Self::with_signed_calls(clients.sfn(), calls))
    }

    /// A client of the local services at `url` (`taskback local`), with their keys.
    pub fn local(url: &str) -> Self {
        let (config, calls) = aws::connect_local(url);
        Self::with_signed_calls(Client::new(&config), calls)
    }

    async fn send_report(&self, token: &TaskToken, outcome: &Outcome, deadline: Instant) -> ServiceResponse {
        let Some(report) = sfn::report(outcome) else {
            return ServiceResponse::NotSent {
                kind: ReportErrorKind::Unexpected,
                reason: "another party reports".into(),
            };
        };
        let answer = match &self.signed {
            Some(signed) => signed.report(token.expose(), report, deadline).await,
            None => sdk::report(&self.client, token.expose(), report).await,
        };
        answer::response(answer, sfn::reply)
    }

    async fn send_heartbeat(&self, token: &str) -> Answer {
        match &self.signed {
            Some(signed) => signed.heartbeat(token, Instant::now() + HEARTBEAT_TIME).await,
            None => sdk::heartbeat(&self.client, token).await,
        }
    }
}

/// The maximum time of a heartbeat; its caller may wait less.
const HEARTBEAT_TIME: Duration = Duration::from_secs(10);

impl Reporter for Sfn {
    fn service(&self) -> Service {
        Service::Sfn
    }

    fn report<'a>(&'a self, request: ReportRequest<'a>) -> BoxFuture<'a, ServiceResponse> {
        Box::pin(self.send_report(request.token, request.outcome, request.deadline))
    }

    /// Step Functions takes no progress, and asks for no cancellation: an aborted execution shows as a closed task only.
    fn heartbeat<'a>(&'a self, token: &'a TaskToken, _progress: &'a str) -> BoxFuture<'a, HeartbeatStatus> {
        Box::pin(async move {
            let response = answer::response(self.send_heartbeat(token.expose()).await, sfn::reply);
            match judge_response(token, &response, PriorAttempts::default()) {
                Ok(Receipt::Closed { .. }) => HeartbeatStatus::Closed,
                Ok(_) => HeartbeatStatus::Continue,
                Err(error) => HeartbeatStatus::Failed(error.to_string()),
            }
        })
    }

    fn closed_by<'a>(&'a self, request: ClosedByRequest<'a>) -> BoxFuture<'a, Option<ClosedBy>> {
        Box::pin(history::closed_by(&self.client, request.task, request.outcome))
    }

    fn warm_up(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            // A heartbeat without a task: the worker is allowed to send it, and after any answer
            // connection and credentials are there.
            let _ = self.send_heartbeat("taskback-warms-up").await;
        })
    }
}
