//! Step Functions' reports and heartbeats through the SDK's `send()`, for a client of the user's own.

use aws_sdk_sfn::Client;
use taskback_core::sfn::Report;

use crate::service::answer::Answer;
use crate::service::response_capture::ResponseCapture;

pub(super) async fn report(client: &Client, token: &str, report: Report<'_>) -> Answer {
    let capture = ResponseCapture::default();
    match report {
        Report::Success { output } => {
            let call = client.send_task_success().task_token(token).output(output);
            capture.answer(&call.customize().interceptor(capture.clone()).send().await)
        }
        Report::Failure { error, cause } => {
            let call = client.send_task_failure().task_token(token).error(error);
            let call = call.set_cause(cause.map(Into::into));
            capture.answer(&call.customize().interceptor(capture.clone()).send().await)
        }
    }
}

pub(super) async fn heartbeat(client: &Client, token: &str) -> Answer {
    let capture = ResponseCapture::default();
    let call = client.send_task_heartbeat().task_token(token);
    capture.answer(&call.customize().interceptor(capture.clone()).send().await)
}
