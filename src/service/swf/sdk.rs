//! SWF's reports and heartbeats through the SDK's `send()`, for a client of the user's own.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_swf::Client;
use aws_sdk_swf::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_swf::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_swf::error::{BoxError, SdkError};
use bytes::Bytes;
use taskback_core::swf::Report;
use taskback_http::HttpResponse;

use super::Answer;
use crate::aws::{Unanswered, no_response, unsent};

pub(super) async fn report(client: &Client, token: &str, report: Report<'_>) -> Answer {
    let capture = ResponseCapture::default();
    match report {
        Report::Completed { result } => {
            let call = client.respond_activity_task_completed().task_token(token).result(result);
            capture.answer(&call.customize().interceptor(capture.clone()).send().await)
        }
        Report::Failed { reason, details } => {
            let call = client.respond_activity_task_failed().task_token(token).reason(reason);
            let call = call.set_details(details.map(Into::into));
            capture.answer(&call.customize().interceptor(capture.clone()).send().await)
        }
        Report::Canceled { details } => {
            let call = client.respond_activity_task_canceled().task_token(token);
            let call = call.set_details(details.map(Into::into));
            capture.answer(&call.customize().interceptor(capture.clone()).send().await)
        }
    }
}

pub(super) async fn heartbeat(client: &Client, token: &str, details: Option<String>) -> Answer {
    let capture = ResponseCapture::default();
    let call = client.record_activity_task_heartbeat().task_token(token).set_details(details);
    capture.answer(&call.customize().interceptor(capture.clone()).send().await)
}

/// Captures the reply as it came: to the SDK any 200 is a success, and its errors print whole replies.
#[derive(Clone, Debug, Default)]
struct ResponseCapture(Arc<Mutex<Option<HttpResponse>>>);

impl ResponseCapture {
    /// The reply, or the reason for its absence.
    fn answer<T, E: std::error::Error + 'static, R>(&self, sent: &Result<T, SdkError<E, R>>) -> Answer {
        let reply = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        reply.ok_or_else(|| match sent {
            Ok(_) => Unanswered::Lost("the reply could not be read".into()),
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
        let headers = reply.headers().iter();
        let headers = headers.filter_map(|(name, value)| Some((name.parse().ok()?, value.parse().ok()?)));
        // A body that could not be read is a lost answer, whatever its status.
        let response = reply.body().bytes().map(|body| HttpResponse {
            status: reply.status().as_u16(),
            headers: headers.collect(),
            body: Bytes::copy_from_slice(body),
        });
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = response;
        Ok(())
    }
}

/// The reason why there is no reply, from the error's kind: its text may hold the request.
fn unanswered<E: std::error::Error + 'static, R>(error: &SdkError<E, R>) -> Unanswered {
    match error {
        SdkError::ConstructionFailure(_) => Unanswered::NotBuilt,
        SdkError::TimeoutError(_) => Unanswered::Lost("no answer in time".into()),
        SdkError::DispatchFailure(failure) => match failure.as_connector_error() {
            Some(error) => {
                unsent(error).map_or_else(|| Unanswered::Lost(no_response(error)), Unanswered::Unsent)
            }
            None => Unanswered::Lost("the connection broke".into()),
        },
        _ => Unanswered::Lost("the reply could not be read".into()),
    }
}
