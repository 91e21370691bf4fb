//! SWF's reports and heartbeats through the SDK's `send()`, for a client of the user's own.

use aws_sdk_swf::Client;
use taskback_core::swf::Report;

use crate::service::answer::Answer;
use crate::service::response_capture::ResponseCapture;

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
