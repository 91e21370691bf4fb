//! A call from its request to its response: faults, waiting, attempts. The service's own part is its
//! [`Api`].

use std::time::Duration;

use http::StatusCode;
use serde_json::Value;
use taskback_core::Service;
use tokio::time::{Instant, sleep, timeout_at};

use crate::context::CallContext;
use crate::effect::OperationResult;
use crate::faults::FaultKind;
use crate::lifecycle::Lifecycle;
use crate::operation::Operation;
use crate::request::Request;
use crate::response::{HttpResponse, Refusal, Reply};
use crate::shared::SharedState;
use crate::state::LocalState;
use crate::task::Attempt;

/// The wire format of a service.
pub(crate) trait Api: Sync {
    /// Returns whether the request is meant for this service, whatever is wrong with it.
    fn accepts(&self, request: &Request) -> bool;

    /// Authenticates and decodes a request.
    fn admit(&self, state: &mut LocalState, request: Request) -> Result<Call, Refusal>;

    /// A success in the service's wire format. The body `Null` is a response without a body.
    fn success(&self, body: Value) -> HttpResponse;

    /// A refusal in the service's wire format.
    fn refusal(&self, refusal: Refusal) -> HttpResponse;

    /// The refusal that a fault causes; `None` for the faults that are not errors of the service.
    fn fault_refusal(&self, fault: FaultKind, operation: &Operation) -> Option<Refusal>;
}

/// An authenticated call.
pub(crate) struct Call {
    pub(crate) operation: Operation,
    /// The fingerprint of the token in the call, if there is one.
    pub(crate) fingerprint: Option<String>,
    /// The maximum time that the operation may wait for a change of the state.
    pub(crate) wait: Duration,
    /// Runs the operation; `None` means that it waits. Called again after every change of the state.
    pub(crate) operate: Operate,
}

pub(crate) type Operate = Box<dyn FnMut(&mut LocalState, CallContext) -> Option<OperationResult> + Send>;

/// Handles a request of a service, with the fault injected into it.
pub(crate) async fn handle(shared: &SharedState, service: Service, api: &dyn Api, request: Request) -> Reply {
    let admitted = api.admit(&mut shared.lock().state, request);
    let mut call = match admitted {
        Ok(call) => call,
        Err(refusal) => {
            let status = refusal.status.as_u16();
            let code = refusal.code;
            tracing::debug!(event = "call.refused", %service, status, code, "a call is refused before its operation");
            return Reply::Respond(api.refusal(refusal));
        }
    };
    let fault = shared.lock().state.faults.take(call.operation.name, call.fingerprint.as_deref());
    match fault {
        Some(FaultKind::Cut) => {
            record(&mut shared.lock(), &call, fault, None);
            return Reply::Disconnect;
        }
        Some(FaultKind::Html502) => {
            record(&mut shared.lock(), &call, fault, None);
            return Reply::Respond(HttpResponse::bad_gateway());
        }
        _ => {}
    }
    let refusal = fault.and_then(|fault| api.fault_refusal(fault, &call.operation));
    let result = run(shared, &mut call, fault, refusal).await;
    shared.notify_waiting();
    match fault {
        Some(FaultKind::LostAck) => return Reply::Disconnect,
        Some(FaultKind::Delay(delay)) => sleep(delay).await,
        _ => {}
    }
    Reply::Respond(match result {
        Ok(body) => api.success(body),
        Err(refusal) => api.refusal(refusal),
    })
}

/// Runs the operation until it has a result or its time to wait is over. A `refusal` replaces its result.
async fn run(
    shared: &SharedState,
    call: &mut Call,
    fault: Option<FaultKind>,
    refusal: Option<Refusal>,
) -> Result<Value, Refusal> {
    let deadline = Instant::now() + call.wait;
    let mut refusal = refusal.map(Err);
    loop {
        // Subscribed before the state is read, so that no change in between is missed.
        let changed = shared.changed();
        let wake = {
            let mut lifecycle = shared.lock();
            let now = Instant::now();
            let context = CallContext { now, deadline_passed: now >= deadline, fault };
            let result = refusal.take().or_else(|| (call.operate)(&mut lifecycle.state, context));
            if let Some(result) = result {
                let result = result.map(|success| {
                    lifecycle.apply(success.effects, now);
                    success.body
                });
                record(&mut lifecycle, call, fault, Some(&result));
                return result;
            }
            lifecycle.next_due().map_or(deadline, |due| due.min(deadline))
        };
        // Both ends of the wait lead to another attempt.
        let _ = timeout_at(wake, changed).await;
    }
}

/// Logs a call, and adds a report to its task's attempts under the same lock as its effects, so that
/// the attempts are in the order in which they took effect. No `result` means that there is no
/// response of the service.
fn record(
    lifecycle: &mut Lifecycle,
    call: &Call,
    fault: Option<FaultKind>,
    result: Option<&Result<Value, Refusal>>,
) {
    let (status, code) = match (fault, result) {
        (Some(FaultKind::LostAck | FaultKind::Cut), _) => (None, None),
        (_, None) => (Some(StatusCode::BAD_GATEWAY), None),
        (_, Some(Ok(_))) => (Some(StatusCode::OK), None),
        (_, Some(Err(refusal))) => (Some(refusal.status), Some(refusal.code)),
    };
    let attempt = Attempt {
        operation: call.operation.name.to_owned(),
        status: status.map(|status| status.as_u16()),
        code: code.map(str::to_owned),
        accepted: matches!(result, Some(Ok(_))),
        fault: fault.map(|fault| fault.to_string()),
    };
    let fingerprint = call.fingerprint.as_deref().unwrap_or_default();
    let Attempt { operation, status, code, accepted, fault } = &attempt;
    let task = fingerprint.get(..8);
    tracing::debug!(
        event = "call.answered",
        operation,
        task,
        status,
        code,
        accepted,
        fault,
        "a call is answered"
    );
    if call.operation.is_report {
        lifecycle.record_attempt(fingerprint, attempt);
    }
}
