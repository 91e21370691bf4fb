//! Callbacks of Lambda durable functions: calls made by hand, since the SDK of Lambda is many times as large as all
//! of the rest.

mod calls;
mod endpoint;
mod history;

use std::sync::Arc;
use std::time::Duration;

use taskback_core::{
    ClosedBy, Outcome, PriorAttempts, Receipt, ReportErrorKind, Service, ServiceResponse, TaskToken, durable,
    judge_response,
};
use tokio::time::Instant;

use super::answer::response;
use super::connector::Connector;
use super::reporter::{ClosedByRequest, HeartbeatStatus, ReportRequest, Reporter};
use crate::aws::{self, Clients, SignedCalls};
use crate::error::Error;
use crate::future::BoxFuture;
use calls::Calls;
use endpoint::Endpoint;

pub(super) const CONNECTOR: Connector = Connector {
    connect: |clients| {
        Box::pin(async { Ok(Durable::connect(clients).await?.map(|durable| Arc::new(durable) as _)) })
    },
    local: |url| Ok(Arc::new(Durable::local(url)?)),
};

/// Lambda durable functions, by their callbacks.
///
/// ```
/// use taskback::{Durable, Services};
///
/// let services = Services::default().with(Durable::local("http://127.0.0.1:4566")?);
/// assert_eq!(services.names(), "durable");
/// # Ok::<(), taskback::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Durable {
    calls: Calls,
}

impl Durable {
    /// The reporter in the region of the AWS configuration; `None` where there is none, or no source of credentials.
    pub(crate) async fn connect(clients: &Clients) -> Result<Option<Self>, Error> {
        let (Some(calls), Some(endpoint)) = (clients.own_signed_calls(), Endpoint::resolve(clients).await?)
        else {
            return Ok(None);
        };
        Ok(Some(Self::new(calls, endpoint)))
    }

    /// A client of the local services at `url` (`taskback local`), with their keys.
    pub fn local(url: &str) -> Result<Self, Error> {
        let (config, calls) = aws::connect_local(url);
        let region = config.region().map(ToString::to_string).unwrap_or_default();
        let calls = calls.ok_or_else(|| endpoint::unusable(url))?;
        Ok(Self::new(calls, Endpoint::from_url(url, region)?))
    }

    fn new(calls: SignedCalls, endpoint: Endpoint) -> Self {
        Self { calls: Calls::new(calls, endpoint) }
    }

    async fn send_report(&self, token: &TaskToken, outcome: &Outcome, deadline: Instant) -> ServiceResponse {
        let Some(report) = durable::report(outcome) else {
            return not_sent(ReportErrorKind::Unexpected, "another party reports");
        };
        if !durable::is_callback_id(token.expose()) {
            return not_sent(ReportErrorKind::InvalidToken, NOT_BASE64);
        }
        response(self.calls.report(token.expose(), &report, deadline).await, durable::reply)
    }
}

const NOT_BASE64: &str = "the token is not base64, as every callback id is";

/// The maximum time of a heartbeat; its caller may wait less.
const HEARTBEAT_TIME: Duration = Duration::from_secs(10);

impl Reporter for Durable {
    fn service(&self) -> Service {
        Service::Durable
    }

    fn report<'a>(&'a self, request: ReportRequest<'a>) -> BoxFuture<'a, ServiceResponse> {
        Box::pin(self.send_report(request.token, request.outcome, request.deadline))
    }

    /// The service has no sign of a cancellation: a stopped execution is [`Closed`](HeartbeatStatus::Closed).
    fn heartbeat<'a>(&'a self, token: &'a TaskToken, _progress: &'a str) -> BoxFuture<'a, HeartbeatStatus> {
        Box::pin(async move {
            if !durable::is_callback_id(token.expose()) {
                return HeartbeatStatus::Failed(NOT_BASE64.to_owned());
            }
            let answer = self.calls.heartbeat(token.expose(), Instant::now() + HEARTBEAT_TIME).await;
            match judge_response(token, &response(answer, durable::reply), PriorAttempts::default()) {
                Ok(Receipt::Recorded { .. }) => HeartbeatStatus::Continue,
                Ok(_) => HeartbeatStatus::Closed,
                Err(error) => HeartbeatStatus::Failed(error.to_string()),
            }
        })
    }

    fn closed_by<'a>(&'a self, request: ClosedByRequest<'a>) -> BoxFuture<'a, Option<ClosedBy>> {
        Box::pin(history::closed_by(&self.calls, request.task, request.outcome))
    }

    fn warm_up(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            // A heartbeat without a callback: after any answer connection and credentials are there.
            let _ = self.calls.heartbeat("taskbackWarmsUp=", Instant::now() + HEARTBEAT_TIME).await;
        })
    }
}

fn not_sent(kind: ReportErrorKind, reason: &str) -> ServiceResponse {
    ServiceResponse::NotSent { kind, reason: reason.to_owned() }
}
