//! The form of requests, answers and errors.

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::refusal::not_serialized;
use crate::faults::FaultKind;
use crate::request::Request;
use crate::response::{HttpResponse, Refusal};
use crate::sigv4::{Scheme, SigV4};
use crate::uuid::uuid;

const JSON: &str = "application/x-amz-json-1.0";
/// The header that names service and operation.
pub(super) const TARGET: &str = "x-amz-target";
const REQUEST_ID: &str = "x-amzn-requestid";

/// Returns the operation that the request names behind the service's `prefix`, such as `SimpleWorkflowService.`.
pub(crate) fn target<'r>(request: &'r Request, prefix: &str) -> Option<&'r str> {
    let target = request.header(TARGET)?.strip_prefix(prefix)?;
    (request.method == "POST").then_some(target)
}

/// Decodes the input of a request whose signature is right.
pub(crate) fn decode(request: &Request, sigv4: &SigV4, signing_name: &'static str) -> Result<Value, Refusal> {
    let Some(body) = &request.body else {
        let message = "The request has more than 1048576 bytes.";
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLargeException", message));
    };
    let scheme = Scheme { signing_name, status: StatusCode::BAD_REQUEST };
    sigv4.verify(request, body, scheme, Timestamp::now())?;
    if request.media_type() != JSON {
        return Err(Refusal::bad_request(
            "UnknownOperationException",
            "The content type must be application/x-amz-json-1.0.",
        ));
    }
    // The services treat an empty body as an object without members.
    let body = if body.is_empty() { b"{}" } else { body.as_ref() };
    match serde_json::from_slice(body) {
        Ok(body @ Value::Object(_)) => Ok(body),
        _ => Err(not_serialized("The body is not a JSON object.")),
    }
}

/// A success; `Null` is a response without a body.
pub(crate) fn success(body: Value) -> HttpResponse {
    let text = if body.is_null() { String::new() } else { body.to_string() };
    HttpResponse::new(StatusCode::OK, JSON, text).with_header(REQUEST_ID, uuid())
}

/// A refusal, whose code is of the namespace of AWS's front end or of the service.
pub(crate) fn refusal(refusal: Refusal, own_namespace: &str, is_own: bool) -> HttpResponse {
    let namespace = match refusal.code {
        "ValidationException" => "com.amazon.coral.validate",
        "ThrottlingException" => "com.amazon.coral.availability",
        _ if is_own => own_namespace,
        _ => "com.amazon.coral.service",
    };
    let error_type = format!("{namespace}#{}", refusal.code);
    let body = json!({ "__type": error_type, "message": refusal.message });
    HttpResponse::new(refusal.status, JSON, body.to_string()).with_header(REQUEST_ID, uuid())
}

/// The refusal that a fault causes; `None` for the faults that are not errors of the service.
pub(crate) fn fault_refusal(fault: FaultKind) -> Option<Refusal> {
    Some(match fault {
        FaultKind::Throttle => Refusal::bad_request("ThrottlingException", "Rate exceeded"),
        FaultKind::Error500 => Refusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalFailure",
            "An internal error has occurred.",
        ),
        FaultKind::Refuse => Refusal::bad_request(
            "AccessDeniedException",
            "The caller is not authorized to perform this operation.",
        ),
        FaultKind::Skewed => Refusal::bad_request(
            "InvalidSignatureException",
            "Signature expired: the request's date is more than 5 minutes from the service's clock.",
        ),
        // No operation here allows the last two.
        FaultKind::Html502
        | FaultKind::LostAck
        | FaultKind::Cut
        | FaultKind::Delay(_)
        | FaultKind::Conflict
        | FaultKind::Stopping(_) => return None,
    })
}
