use std::fmt;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use taskback_core::{Service, TaskToken};

use super::invalid::{self, InvalidRequest};

/// A request within FnF's limits: to start or to stop an execution of a flow.
#[derive(PartialEq, Eq)]
pub struct Request {
    pub(super) flow: String,
    pub(super) execution: String,
    /// Seconds to wait for the execution's end, 0 to 60.
    pub(super) wait: u32,
    pub(super) action: Action,
}

#[derive(PartialEq, Eq)]
pub(super) enum Action {
    Start { input: Option<String>, qualifier: Option<String>, token: Option<TaskToken> },
    Stop { error: Option<String>, cause: Option<String> },
}

/// The member of every request; it decides which others the request may have.
#[derive(Deserialize)]
struct Header {
    action: Verb,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Verb {
    Start,
    Stop,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StartFields<'a> {
    #[serde(rename = "action")]
    _action: IgnoredAny,
    flow_name: String,
    execution_name: Option<String>,
    /// Raw, since its numbers may have any size, and it may nest to any depth.
    #[serde(borrow)]
    input: Option<&'a RawValue>,
    qualifier: Option<String>,
    #[serde(rename = "callbackFnFTaskToken")]
    token: Option<String>,
    first_message: Option<String>,
    #[serde(default)]
    wait_seconds: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StopFields {
    #[serde(rename = "action")]
    _action: IgnoredAny,
    flow_name: String,
    execution_name: String,
    error: Option<String>,
    cause: Option<String>,
    #[serde(default)]
    wait_seconds: u32,
}

impl Request {
    /// Reads and checks a request, JSON as [`FlowControl`](super::FlowControl) describes it.
    /// `message` names the message that brings it, so that a start without a name gets the same one
    /// with every delivery.
    pub fn read(body: &str, message: Option<&str>) -> Result<Self, InvalidRequest> {
        if !body.trim_start().starts_with('{') {
            return Err(invalid::not_an_object());
        }
        let Header { action } = fields(body)?;
        match action {
            Verb::Start => Self::start(fields(body)?, message),
            Verb::Stop => Self::stop(fields(body)?),
        }
    }

    fn start(fields: StartFields<'_>, message: Option<&str>) -> Result<Self, InvalidRequest> {
        let StartFields {
            flow_name,
            execution_name,
            input,
            qualifier,
            token,
            first_message,
            wait_seconds,
            ..
        } = fields;
        invalid::name("flowName", &flow_name)?;
        let input = input.map(RawValue::get);
        if input.is_some_and(|input| !input.starts_with('{')) {
            return Err(InvalidRequest::new("input must be a JSON object"));
        }
        if let Some(qualifier) = &qualifier {
            invalid::chars("qualifier", qualifier, 128)?;
        }
        let token = token.map(|text| TaskToken::new(Service::Fnf, text)).transpose();
        let token =
            token.map_err(|_| InvalidRequest::new("callbackFnFTaskToken must have 1 to 4096 characters"))?;
        if let Some(first) = &first_message {
            invalid::chars("firstMessage", first, 1024)?;
            if execution_name.is_some() || token.is_some() {
                return Err(InvalidRequest::new(
                    "firstMessage must be left out with executionName or callbackFnFTaskToken",
                ));
            }
        }
        let execution =
            execution_name_of(execution_name, token.as_ref(), first_message.as_deref().or(message))?;
        let wait = invalid::wait(wait_seconds)?;
        let action = Action::Start { input: input.map(str::to_owned), qualifier, token };
        Ok(Self { flow: flow_name, execution, wait, action })
    }

    /// A stop may name any execution, also one whose name was derived: it takes no name from a later start.
    fn stop(fields: StopFields) -> Result<Self, InvalidRequest> {
        let StopFields { flow_name, execution_name, error, cause, wait_seconds, .. } = fields;
        invalid::name("flowName", &flow_name)?;
        invalid::name("executionName", &execution_name)?;
        if let Some(error) = &error {
            invalid::chars("error", error, 128)?;
        }
        if let Some(cause) = &cause {
            invalid::chars("cause", cause, 4096)?;
        }
        let wait = invalid::wait(wait_seconds)?;
        Ok(Self { flow: flow_name, execution: execution_name, wait, action: Action::Stop { error, cause } })
    }

    /// The flow's name.
    pub fn flow_name(&self) -> &str {
        &self.flow
    }

    #[cfg(feature = "sqs")]
    pub(crate) fn is_stop(&self) -> bool {
        matches!(self.action, Action::Stop { .. })
    }

    /// The execution's name, also where it was derived.
    pub fn execution_name(&self) -> &str {
        &self.execution
    }
}

/// Never shows input, cause or token.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let action = match self.action {
            Action::Start { .. } => "start",
            Action::Stop { .. } => "stop",
        };
        write!(f, "Request({action} {}/{})", self.flow, self.execution)
    }
}

fn fields<'a, T: Deserialize<'a>>(body: &'a str) -> Result<T, InvalidRequest> {
    serde_json::from_str(body).map_err(|error| invalid::unreadable(&error))
}

/// The name of an execution that is started for one token or one message. No sender may choose such a name.
pub(super) fn derived_name(hex: &str) -> String {
    format!("tb-{hex}")
}

fn execution_name_of(
    given: Option<String>,
    token: Option<&TaskToken>,
    message: Option<&str>,
) -> Result<String, InvalidRequest> {
    match (given, token) {
        // Under a name that the sender chose the token could go to an execution that was started
        // without it, and would never be reported.
        (Some(_), Some(_)) => Err(InvalidRequest::new(
            "executionName must be left out with callbackFnFTaskToken: it is derived from it",
        )),
        (Some(given), None) => {
            invalid::name("executionName", &given)?;
            invalid::not_derived("executionName", &given)?;
            Ok(given)
        }
        (None, Some(token)) => Ok(derived_name(&token.fingerprint().hex())),
        (None, None) => {
            let message = message.ok_or_else(|| {
                InvalidRequest::new("executionName is missing, and nothing names the message")
            })?;
            // The text of a token's fingerprint begins otherwise: no message has the name of a token.
            let digest = Sha256::digest(format!("message:{message}"));
            let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            Ok(derived_name(&hex))
        }
    }
}

#[cfg(test)]
mod tests;
