mod history;

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_swf::Client;
use aws_sdk_swf::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_swf::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_swf::error::{BoxError, SdkError};
use taskback_core::swf::{self, Report};
use taskback_core::{Answer, Earlier, ErrorKind, Execution, Ours, Outcome, Receipt, Service, TaskToken};
use tokio::time::Instant;

use super::{Beat, Reporter, Slot};
use crate::BoxFuture;
use crate::aws::Unsent;

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
        match swf::report(outcome) {
            Some(Report::Completed { result }) => {
                let call = self.client.respond_activity_task_completed().task_token(token).result(result);
                seen.answer(&call.customize().interceptor(seen.clone()).send().await)
            }
            Some(Report::Failed { reason, details }) => {
                let call = self.client.respond_activity_task_failed().task_token(token).reason(reason);
                let call = call.set_details(details.map(Into::into));
                seen.answer(&call.customize().interceptor(seen.clone()).send().await)
            }
            Some(Report::Canceled { details }) => {
                let call = self.client.respond_activity_task_canceled().task_token(token);
                let call = call.set_details(details.map(Into::into));
                seen.answer(&call.customize().interceptor(seen.clone()).send().await)
            }
            None => Answer::Unsendable { kind: ErrorKind::Unexpected, why: "somebody else reports".into() },
        }
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
        _by: Instant,
    ) -> BoxFuture<'a, Answer> {
        Box::pin(self.send(token, outcome))
    }

    fn heartbeat<'a>(&'a self, token: &'a TaskToken, progress: &'a str) -> BoxFuture<'a, Beat> {
        Box::pin(async move {
            let seen = Seen::default();
            let call = self.client.record_activity_task_heartbeat().task_token(token.expose());
            let details = (!progress.is_empty()).then(|| swf::heartbeat_details(progress).into_owned());
            let sent = call.set_details(details).customize().interceptor(seen.clone()).send().await;
            match &sent {
                Ok(answer) if answer.cancel_requested() => Beat::CancelRequested,
                Ok(_) => Beat::Alive,
                Err(_) => match taskback_core::read(token, &seen.answer(&sent), Earlier::default()) {
                    Ok(Receipt::Closed { .. }) => Beat::Closed,
                    Ok(_) => Beat::Alive,
                    Err(error) => Beat::Skipped(error.to_string()),
                },
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
    /// The reply, or what there was instead of one.
    fn answer<T, E: std::error::Error + 'static, R>(&self, sent: &Result<T, SdkError<E, R>>) -> Answer {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        seen.unwrap_or_else(|| match sent {
            Ok(_) => Answer::Missing { sent: true, why: "the reply could not be read".into() },
            Err(error) => unanswered(error),
        })
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

/// Why there is no reply, told from the error's kind: its text may hold the request.
fn unanswered<E: std::error::Error + 'static, R>(error: &SdkError<E, R>) -> Answer {
    let missing = |sent, why: &str| Answer::Missing { sent, why: why.into() };
    match error {
        SdkError::ConstructionFailure(_) => {
            Answer::Unsendable { kind: ErrorKind::Unexpected, why: "the request could not be built".into() }
        }
        SdkError::TimeoutError(_) => missing(true, "no answer in time"),
        SdkError::DispatchFailure(failure) => match failure.as_connector_error().and_then(crate::aws::unsent)
        {
            Some(Unsent::NoConnection) => missing(false, "no connection"),
            Some(Unsent::CredentialsLate) => missing(false, "no answer from the source of credentials"),
            Some(Unsent::NoCredentials) => {
                Answer::Unsendable { kind: ErrorKind::Denied, why: "no credentials were found".into() }
            }
            None if failure.is_timeout() => missing(true, "no answer in time"),
            None => missing(true, "the connection broke"),
        },
        _ => missing(true, "the reply could not be read"),
    }
}
