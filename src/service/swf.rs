mod history;

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_swf::Client;
use aws_sdk_swf::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_swf::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_swf::error::{BoxError, SdkError};
use taskback_core::swf::{self, Report};
use taskback_core::{Answer, Earlier, Execution, Ours, Outcome, Service, TaskToken};
use tokio::time::Instant;

use super::{Beat, Reporter, Slot};
use crate::BoxFuture;

/// SWF through its official SDK, whose own retry is off.
#[derive(Clone, Debug)]
pub struct Swf {
    client: Client,
}

impl Swf {
    /// A reporter over a client that has its retry off; [`crate::aws`] makes one.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// A client of the local services at `url` (`taskback local`), with their keys.
    pub fn local(url: &str) -> Self {
        Self::new(Client::new(&crate::aws::local(url)))
    }

    async fn send(&self, token: &TaskToken, outcome: &Outcome) -> Answer {
        let token = token.expose();
        let seen = Seen::default();
        let refused = match swf::report(outcome) {
            Some(Report::Completed { result }) => {
                let call = self.client.respond_activity_task_completed().task_token(token).result(result);
                call.customize().interceptor(seen.clone()).send().await.err().map(|error| why(&error))
            }
            Some(Report::Failed { reason, details }) => {
                let call = self.client.respond_activity_task_failed().task_token(token).reason(reason);
                let call = call.set_details(details.map(Into::into));
                call.customize().interceptor(seen.clone()).send().await.err().map(|error| why(&error))
            }
            Some(Report::Canceled { details }) => {
                let call = self.client.respond_activity_task_canceled().task_token(token);
                let call = call.set_details(details.map(Into::into));
                call.customize().interceptor(seen.clone()).send().await.err().map(|error| why(&error))
            }
            None => Some(Failure::nothing_sent("a delegated outcome has no report")),
        };
        seen.answer(refused)
    }
}

impl Reporter for Swf {
    fn service(&self) -> Service {
        Service::Swf
    }

    fn fit(&self, outcome: Outcome) -> Outcome {
        swf::fit(outcome)
    }

    fn report<'a>(
        &'a self,
        token: &'a TaskToken,
        outcome: &'a Outcome,
        _slot: Option<Slot>,
        by: Instant,
    ) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            match tokio::time::timeout_at(by, self.send(token, outcome)).await {
                Ok(answer) => answer,
                Err(_) => Answer::Missing { sent: true, why: "no answer in time".into() },
            }
        })
    }

    fn heartbeat<'a>(&'a self, token: &'a TaskToken, progress: &'a str) -> BoxFuture<'a, Beat> {
        Box::pin(async move {
            let seen = Seen::default();
            let call = self.client.record_activity_task_heartbeat().task_token(token.expose());
            let details = (!progress.is_empty()).then(|| swf::heartbeat_details(progress).into_owned());
            match call.set_details(details).customize().interceptor(seen.clone()).send().await {
                Ok(answer) if answer.cancel_requested() => Beat::CancelRequested,
                Ok(_) => Beat::Alive,
                Err(error) => {
                    match taskback_core::read(token, &seen.answer(Some(why(&error))), Earlier::default()) {
                        Ok(_) => Beat::Closed,
                        Err(error) => Beat::Skipped(error.to_string()),
                    }
                }
            }
        })
    }

    fn closed_by<'a>(
        &'a self,
        execution: &'a Execution,
        outcome: &'a Outcome,
    ) -> BoxFuture<'a, Option<Ours>> {
        Box::pin(history::closed_by(&self.client, execution, outcome))
    }

    fn warm(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            // A heartbeat for no task: the worker is allowed to send it, and whatever the answer,
            // connection and credentials are there afterwards.
            drop(self.client.record_activity_task_heartbeat().task_token("taskback-warms-up").send().await);
        })
    }
}

/// Catches the reply as it came: the SDK takes any 200 for a success, and prints whole replies in
/// its errors.
#[derive(Clone, Debug, Default)]
struct Seen(Arc<Mutex<Option<Answer>>>);

impl Seen {
    fn answer(&self, failure: Option<Failure>) -> Answer {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (seen, failure) {
            (Some(answer), _) => answer,
            (None, Some(Failure { sent, why })) => Answer::Missing { sent, why },
            (None, None) => Answer::Missing { sent: true, why: "the reply could not be read".into() },
        }
    }
}

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for Seen {
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
        // A body that could not be read is a lost answer, whatever the status line said.
        let answer = reply.body().bytes().map(|body| {
            swf::reply(reply.status().as_u16(), header("x-amzn-errortype"), header("x-amzn-requestid"), body)
        });
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = answer;
        Ok(())
    }
}

struct Failure {
    sent: bool,
    why: String,
}

impl Failure {
    fn nothing_sent(why: &str) -> Self {
        Self { sent: false, why: why.into() }
    }
}

/// Whether the request can have left, told from the error's kind; its text may hold the request.
fn why<E: std::error::Error + 'static, R>(error: &SdkError<E, R>) -> Failure {
    match error {
        SdkError::ConstructionFailure(_) => Failure::nothing_sent("the request could not be built or signed"),
        SdkError::TimeoutError(_) => Failure { sent: true, why: "no answer in time".into() },
        SdkError::DispatchFailure(failure) => {
            let connected = !failure.as_connector_error().is_some_and(crate::aws::is_connect);
            let why = match (connected, failure.is_timeout()) {
                (false, _) => "no connection",
                (true, true) => "no answer in time",
                (true, false) => "the connection broke",
            };
            Failure { sent: connected, why: why.into() }
        }
        _ => Failure { sent: true, why: "the reply could not be read".into() },
    }
}
