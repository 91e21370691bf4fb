//! The frame of a service, which lists its operations only.

use serde_json::Value;
use taskback_core::{Service, TaskToken};

use super::members::Members;
use super::operation::JsonOperation;
use super::refusal::unknown_operation;
use super::wire;
use crate::call::{Api, Call};
use crate::faults::FaultKind;
use crate::operation::Operation;
use crate::request::Request;
use crate::response::{HttpResponse, Refusal};
use crate::state::LocalState;

/// A service, by all that it does not share with the others of this protocol.
pub(crate) struct JsonApi {
    pub(crate) service: Service,
    pub(crate) operations: &'static [JsonOperation],
    /// The beginning of the targets of all operations.
    pub(crate) prefix: &'static str,
    /// Whether it also accepts, and refuses, requests with targets of no service here.
    pub(crate) accepts_any_target: bool,
    /// The service's name in signatures.
    pub(crate) signing_name: &'static str,
    /// Whether errors quote refused values.
    pub(crate) echoes_values: bool,
    /// The codes of the service itself, and their namespace. AWS's front end has the others.
    pub(crate) own_codes: &'static [&'static str],
    pub(crate) own_namespace: &'static str,
}

impl Api for JsonApi {
    fn accepts(&self, request: &Request) -> bool {
        let is_own = |target: &[u8]| self.accepts_any_target || target.starts_with(self.prefix.as_bytes());
        let target = request.headers.get(wire::TARGET);
        request.path == "/" && target.is_some_and(|target| is_own(target.as_bytes()))
    }

    fn admit(&self, state: &mut LocalState, request: Request) -> Result<Call, Refusal> {
        let target = wire::target(&request, self.prefix);
        let operation = self.operations.iter().find(|operation| target == Some(operation.wire_name()));
        let operation = operation.ok_or_else(unknown_operation)?;
        let body = wire::decode(&request, &state.sigv4, self.signing_name)?;
        let token = body.get("taskToken").and_then(Value::as_str);
        let token = token.and_then(|text| TaskToken::new(self.service, text).ok());
        let echoes_values = self.echoes_values;
        Ok(Call {
            operation: operation.spec,
            fingerprint: token.map(|token| token.fingerprint().hex()),
            wait: operation.wait(),
            operate: Box::new(move |state, context| {
                let members = if echoes_values { Members::new(&body) } else { Members::without_echo(&body) };
                operation.run(state, members, context)
            }),
        })
    }

    fn success(&self, body: Value) -> HttpResponse {
        wire::success(body)
    }

    fn refusal(&self, refusal: Refusal) -> HttpResponse {
        let is_own = self.own_codes.contains(&refusal.code);
        wire::refusal(refusal, self.own_namespace, is_own)
    }

    fn fault_refusal(&self, fault: FaultKind, _operation: &Operation) -> Option<Refusal> {
        wire::fault_refusal(fault)
    }
}
