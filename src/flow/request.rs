use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use taskback_core::{Service, TaskToken};

use super::check;

/// What is asked of a flow, within FnF's limits: an execution to be started or to be stopped.
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

/// The first thing that is wrong with a request: field and limit, never a value. Mend the sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid(String);

#[derive(Deserialize)]
#[serde(tag = "action", rename_all = "lowercase", rename_all_fields = "camelCase", deny_unknown_fields)]
enum Fields {
    Start {
        flow_name: String,
        execution_name: Option<String>,
        input: Option<serde_json::Value>,
        qualifier: Option<String>,
        #[serde(rename = "callbackFnFTaskToken")]
        token: Option<String>,
        #[serde(default)]
        wait_seconds: u32,
    },
    Stop {
        flow_name: String,
        execution_name: String,
        error: Option<String>,
        cause: Option<String>,
        #[serde(default)]
        wait_seconds: u32,
    },
}

impl Request {
    /// Reads and checks a request, JSON as [`FlowControl`](super::FlowControl) describes it.
    /// `message` names the message that brings it, so that a start without a name gets the same one
    /// with every delivery.
    pub fn read(body: &str, message: Option<&str>) -> Result<Self, Invalid> {
        let fields: Fields = serde_json::from_str(body).map_err(|error| check::unreadable(&error))?;
        match fields {
            Fields::Start { flow_name, execution_name, input, qualifier, token, wait_seconds } => {
                check::name("flowName", &flow_name)?;
                let input = match input {
                    None | Some(serde_json::Value::Null) => None,
                    Some(serde_json::Value::Object(_)) => input_text(body),
                    Some(_) => return Err(Invalid::new("input must be a JSON object")),
                };
                if let Some(qualifier) = &qualifier {
                    check::chars("qualifier", qualifier, 128)?;
                }
                let token = token.map(|text| TaskToken::new(Service::Fnf, text)).transpose();
                let token =
                    token.map_err(|_| Invalid::new("callbackFnFTaskToken must have 1 to 4096 characters"))?;
                let execution = execution_name_of(execution_name, token.as_ref(), message)?;
                let wait = check::wait(wait_seconds)?;
                Ok(Self {
                    flow: flow_name,
                    execution,
                    wait,
                    action: Action::Start { input, qualifier, token },
                })
            }
            Fields::Stop { flow_name, execution_name, error, cause, wait_seconds } => {
                check::name("flowName", &flow_name)?;
                check::name("executionName", &execution_name)?;
                if let Some(error) = &error {
                    check::chars("error", error, 128)?;
                }
                if let Some(cause) = &cause {
                    check::chars("cause", cause, 4096)?;
                }
                let wait = check::wait(wait_seconds)?;
                Ok(Self {
                    flow: flow_name,
                    execution: execution_name,
                    wait,
                    action: Action::Stop { error, cause },
                })
            }
        }
    }

    /// The flow's name.
    pub fn flow_name(&self) -> &str {
        &self.flow
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

impl Invalid {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Invalid {}

/// The input's own text, so that no number of it is rounded.
fn input_text(body: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Input<'a> {
        #[serde(borrow)]
        input: &'a RawValue,
    }
    serde_json::from_str::<Input<'_>>(body).ok().map(|body| body.input.get().to_owned())
}

fn execution_name_of(
    given: Option<String>,
    token: Option<&TaskToken>,
    message: Option<&str>,
) -> Result<String, Invalid> {
    match (given, token) {
        // Under a name of somebody's choice the token could go to an execution that was started
        // without it, and nobody would ever report.
        (Some(_), Some(_)) => Err(Invalid::new(
            "executionName must be left out with callbackFnFTaskToken: it is derived from it",
        )),
        (Some(given), None) => check::name("executionName", &given).map(|()| given),
        (None, Some(token)) => Ok(format!("tb-{}", token.fingerprint().hex())),
        (None, None) => {
            let message = message
                .ok_or_else(|| Invalid::new("executionName is missing, and nothing names the message"))?;
            let hex: String = Sha256::digest(message).iter().map(|byte| format!("{byte:02x}")).collect();
            Ok(format!("tb-{hex}"))
        }
    }
}

#[cfg(test)]
mod tests;
