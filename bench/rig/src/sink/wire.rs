use bytes::Bytes;
use hyper::header::HeaderValue;
use hyper::{Request, Response};
use serde::Deserialize;

use crate::server::json;

/// A call of SWF or Step Functions (awsJson1.0), of durable functions (rest-json), or of FnF (RPC).
pub(super) struct Call {
    service: Service,
    /// The token of a report; absent from heartbeats and connection checks.
    pub(super) token: Option<String>,
}

#[derive(Clone, Copy)]
enum Service {
    /// Its answers to a report are those of SWF.
    Aws,
    Fnf,
}

/// The decision on a call.
pub(super) enum Verdict {
    Accepted,
    /// Accepted, but the response is lost.
    Lost,
    Closed,
    Throttled,
    NoReport,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonReport {
    task_token: String,
}

/// Before the callback id, which stays percent-encoded here.
const CALLBACKS: &str = "/2025-12-01/durable-execution-callbacks/";

impl Call {
    pub(super) fn of(request: &Request<Bytes>) -> Option<Self> {
        if let Some(target) = request.headers().get("x-amz-target") {
            let target = target.to_str().ok()?;
            let report = ["RespondActivityTask", "SendTaskSuccess", "SendTaskFailure"];
            let token = if report.iter().any(|name| target.contains(name)) {
                Some(serde_json::from_slice::<JsonReport>(request.body()).ok()?.task_token)
            } else {
                None
            };
            return Some(Self { service: Service::Aws, token });
        }
        if let Some(call) = request.uri().path().strip_prefix(CALLBACKS) {
            let (id, call) = call.split_once('/')?;
            let token = (call != "heartbeat").then(|| id.to_owned());
            return Some(Self { service: Service::Aws, token });
        }
        let query = request.uri().query().unwrap_or_default();
        let fields = form_urlencoded::parse(query.as_bytes()).chain(form_urlencoded::parse(request.body()));
        let token =
            fields.into_iter().find(|(name, _)| name == "TaskToken").map(|(_, token)| token.into_owned());
        Some(Self { service: Service::Fnf, token })
    }

    pub(super) fn answer(&self, verdict: Verdict) -> Response<Bytes> {
        let mut response = match (self.service, verdict) {
            (Service::Aws, Verdict::Accepted | Verdict::Lost) => json(200, ""),
            (Service::Aws, Verdict::Closed) => json(
                400,
                r#"{"__type":"com.amazonaws.swf.base.model#UnknownResourceFault","message":"Unknown activity, scheduledEventId = 5"}"#,
            ),
            (Service::Aws, Verdict::Throttled) => json(
                400,
                r#"{"__type":"com.amazon.coral.availability#ThrottlingException","message":"Rate exceeded"}"#,
            ),
            (Service::Aws, Verdict::NoReport) => json(200, r#"{"cancelRequested":false}"#),
            (Service::Fnf, Verdict::Accepted | Verdict::Lost) => {
                json(200, r#"{"EventId":7,"RequestId":"bench"}"#)
            }
            (Service::Fnf, Verdict::Closed) => json(
                400,
                r#"{"Code":"TaskAlreadyCompleted","Message":"task is completed","RequestId":"bench"}"#,
            ),
            (Service::Fnf, Verdict::Throttled) => {
                json(429, r#"{"Code":"ResourceThrottled","Message":"too many requests","RequestId":"bench"}"#)
            }
            (Service::Fnf, Verdict::NoReport) => {
                json(400, r#"{"Code":"MissingAction","Message":"no operation","RequestId":"bench"}"#)
            }
        };
        // AWS sends an id with every response; without one a response is not a receipt.
        if let Service::Aws = self.service {
            let id = HeaderValue::from_static("5a2ab3c1-0f5e-4c7d-9d3b-7e0c6f1b2a48");
            response.headers_mut().insert("x-amzn-requestid", id);
        }
        response
    }
}
