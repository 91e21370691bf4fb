//! The reply to a call of an SDK's `send()`, as it came.

use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use bytes::Bytes;
use taskback_http::HttpResponse;

use super::answer::Answer;
use crate::aws::{Unanswered, no_response, unsent};

/// Captures the reply as it came: to the SDK any 200 is a success, and its errors print whole replies.
#[derive(Clone, Debug, Default)]
pub(super) struct ResponseCapture(Arc<Mutex<Option<HttpResponse>>>);

impl ResponseCapture {
    /// The reply, or the reason for its absence.
    pub(super) fn answer<T, E: std::error::Error + 'static, R>(
        &self,
        sent: &Result<T, SdkError<E, R>>,
    ) -> Answer {
        let reply = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        reply.ok_or_else(|| match sent {
            Ok(_) => Unanswered::Lost("the reply could not be read".into()),
            Err(error) => unanswered(error),
        })
    }
}

#[dyn_dispatch_hint]
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
