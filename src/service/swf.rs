mod history;

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_swf::Client;
use aws_sdk_swf::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_swf::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_swf::error::{BoxError, SdkError};
use aws_sdk_swf::operation::RequestId;
use taskback_core::swf::{self, Report};
use taskback_core::{
    ClosedBy, Outcome, PriorAttempts, Receipt, ReportErrorKind, Service, ServiceResponse, TaskToken,
    judge_response,
};

use super::connector::Connector;
use super::reporter::{ClosedByRequest, HeartbeatStatus, ReportRequest, Reporter};
use crate::aws::{self, Clients, Unsent};
use crate::future::BoxFuture;

pub(super) const CONNECTOR: Connector = Connector {
    connect: |clients| Box::pin(async { Ok(Swf::connect(clients).map(|swf| Arc::new(swf) as _)) }),
    local: |url| Ok(Arc::new(Swf::local(url))),
};

/// SWF through its official SDK, whose own retry is off.
///
/// ```
/// use taskback::{Services, Swf};
///
/// # fn example(clients: &taskback::Clients) {
/// let services = Services::default().with(Swf::new(clients.swf()));
/// # let _ = services; }
/// ```
#[derive(Clone, Debug)]
pub struct Swf {
    client: Client,
}

impl Swf {
    /// A reporter over a client that has its retry off; [`crate::aws`] makes one.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// The reporter in the region of the AWS configuration; `None` where there is none.
    pub(crate) fn connect(clients: &Clients) -> Option<Self> {
        clients.has_aws_region().then(|| Self::new(clients.swf()))
    }

    /// A client of the local services at `url` (`taskback local`), with their keys.
    pub fn local(url: &str) -> Self {
        Self::new(Client::new(&aws::local(url)))
    }

    async fn send(&self, token: &TaskToken, outcome: &Outcome) -> ServiceResponse {
        let token = token.expose();
        let capture = ResponseCapture::default();
        match swf::report(outcome) {
            Some(Report::Completed { result }) => {
                let call = self.client.respond_activity_task_completed().task_token(token).result(result);
                capture.response(&call.customize().interceptor(capture.clone()).send().await)
            }
            Some(Report::Failed { reason, details }) => {
                let call = self.client.respond_activity_task_failed().task_token(token).reason(reason);
                let call = call.set_details(details.map(Into::into));
                capture.response(&call.customize().interceptor(capture.clone()).send().await)
            }
            Some(Report::Canceled { details }) => {
                let call = self.client.respond_activity_task_canceled().task_token(token);
                let call = call.set_details(details.map(Into::into));
                capture.response(&call.customize().interceptor(capture.clone()).send().await)
            }
            None => ServiceResponse::NotSent {
                kind: ReportErrorKind::Unexpected,
                reason: "another party reports".into(),
            },
        }
    }
}

impl Reporter for Swf {
    fn service(&self) -> Service {
        Service::Swf
    }

    fn report<'a>(&'a self, request: ReportRequest<'a>) -> BoxFuture<'a, ServiceResponse> {
        Box::pin(self.send(request.token, request.outcome))
    }

    fn heartbeat<'a>(&'a self, token: &'a TaskToken, progress: &'a str) -> BoxFuture<'a, HeartbeatStatus> {
        Box::pin(async move {
            let capture = ResponseCapture::default();
            let call = self.client.record_activity_task_heartbeat().task_token(token.expose());
            let details = (!progress.is_empty()).then(|| swf::heartbeat_details(progress).into_owned());
            let sent = call.set_details(details).customize().interceptor(capture.clone()).send().await;
            match &sent {
                Ok(answer) if answer.request_id().is_none() => {
                    HeartbeatStatus::Failed("an answer without a request id is not SWF's".into())
                }
                Ok(answer) if answer.cancel_requested() => HeartbeatStatus::CancelRequested,
                Ok(_) => HeartbeatStatus::Continue,
                Err(_) => match judge_response(token, &capture.response(&sent), PriorAttempts::default()) {
                    Ok(Receipt::Closed { .. }) => HeartbeatStatus::Closed,
                    Ok(_) => HeartbeatStatus::Continue,
                    Err(error) => HeartbeatStatus::Failed(error.to_string()),
                },
            }
        })
    }

    fn closed_by<'a>(&'a self, request: ClosedByRequest<'a>) -> BoxFuture<'a, Option<ClosedBy>> {
        Box::pin(history::closed_by(&self.client, &request.task.execution, request.outcome))
    }

    fn warm_up(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            // A heartbeat without a task: the worker is allowed to send it, and after any answer
            // connection and credentials are there.
            let _ = self.client.record_activity_task_heartbeat().task_token("taskback-warms-up").send().await;
        })
    }
}

/// Captures the reply as it came: to the SDK any 200 is a success, and its errors print whole replies.
#[derive(Clone, Debug, Default)]
struct ResponseCapture(Arc<Mutex<Option<ServiceResponse>>>);

impl ResponseCapture {
    /// The reply, or a description of its absence.
    fn response<T, E: std::error::Error + 'static, R>(
        &self,
        sent: &Result<T, SdkError<E, R>>,
    ) -> ServiceResponse {
        let reply = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        reply.unwrap_or_else(|| match sent {
            Ok(_) => ServiceResponse::NoResponse { sent: true, reason: "the reply could not be read".into() },
            Err(error) => unanswered(error),
        })
    }
}

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for ResponseCapture {
    fn name(&self) -> &'static str {
        "taskback reply"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let reply = context.response();
        let header = |name| reply.headers().get(name);
        // A body that could not be read is a lost answer, whatever its status.
        let response = reply.body().bytes().map(|body| {
            swf::reply(reply.status().as_u16(), header("x-amzn-errortype"), header("x-amzn-requestid"), body)
        });
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = response;
        Ok(())
    }
}

/// The reason why there is no reply, from the error's kind: its text may hold the request.
fn unanswered<E: std::error::Error + 'static, R>(error: &SdkError<E, R>) -> ServiceResponse {
    let no_response = |sent, reason: &str| ServiceResponse::NoResponse { sent, reason: reason.into() };
    match error {
        SdkError::ConstructionFailure(_) => ServiceResponse::NotSent {
            kind: ReportErrorKind::Unexpected,
            reason: "the request could not be built".into(),
        },
        SdkError::TimeoutError(_) => no_response(true, "no answer in time"),
        SdkError::DispatchFailure(failure) => {
            let Some(error) = failure.as_connector_error() else {
                return no_response(true, "the connection broke");
            };
            match aws::unsent(error) {
                Some(Unsent::NoConnection(reason) | Unsent::CredentialsLate(reason)) => {
                    no_response(false, &reason)
                }
                Some(Unsent::NoCredentials(reason)) => {
                    ServiceResponse::NotSent { kind: ReportErrorKind::Denied, reason }
                }
                None => no_response(true, &aws::no_response(error)),
            }
        }
        _ => no_response(true, "the reply could not be read"),
    }
}
