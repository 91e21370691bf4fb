use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use taskback_core::{Service, TaskToken};

/// What an event asks of a flow.
#[derive(PartialEq, Eq)]
pub(super) enum Request {
    Start {
        flow: String,
        execution: String,
        input: Option<String>,
        qualifier: Option<String>,
        token: Option<TaskToken>,
        wait: u32,
    },
    Stop {
        flow: String,
        execution: String,
        error: Option<String>,
        cause: Option<String>,
        wait: u32,
    },
}

/// The first thing that is wrong with a request: field and limit, never a value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Invalid(String);

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

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
    /// Reads and checks a request. `message` names the message that brings it, so that a start
    /// without a name gets the same one with every delivery.
    pub(super) fn of(body: &str, message: Option<&str>) -> Result<Self, Invalid> {
        // Members of the input must not be read twice: its text is taken from the body as it is.
        let fields: Fields = serde_json::from_str(body).map_err(|error| Invalid(shown(&error)))?;
        match fields {
            Fields::Start { flow_name, execution_name, input, qualifier, token, wait_seconds } => {
                name("flowName", &flow_name)?;
                let input = match input {
                    None | Some(serde_json::Value::Null) => None,
                    Some(serde_json::Value::Object(_)) => input_text(body),
                    Some(_) => return Err(Invalid("input must be a JSON object".into())),
                };
                if let Some(qualifier) = &qualifier {
                    chars("qualifier", qualifier, 128)?;
                }
                let token = token.map(|text| TaskToken::new(Service::Fnf, text)).transpose();
                let token = token
                    .map_err(|_| Invalid("callbackFnFTaskToken must have 1 to 4096 characters".into()))?;
                let execution = match (execution_name, &token) {
                    // Under a name of somebody's choice the token could go to an execution that
                    // was started without it, and nobody would ever report.
                    (Some(_), Some(_)) => {
                        let text =
                            "executionName must be left out with callbackFnFTaskToken: it is derived from it";
                        return Err(Invalid(text.into()));
                    }
                    (Some(given), None) => {
                        name("executionName", &given)?;
                        given
                    }
                    (None, Some(token)) => format!("tb-{}", token.fingerprint().hex()),
                    (None, None) => derived(message)?,
                };
                Ok(Self::Start {
                    flow: flow_name,
                    execution,
                    input,
                    qualifier,
                    token,
                    wait: wait(wait_seconds)?,
                })
            }
            Fields::Stop { flow_name, execution_name, error, cause, wait_seconds } => {
                name("flowName", &flow_name)?;
                name("executionName", &execution_name)?;
                if let Some(error) = &error {
                    chars("error", error, 128)?;
                }
                if let Some(cause) = &cause {
                    chars("cause", cause, 4096)?;
                }
                Ok(Self::Stop {
                    flow: flow_name,
                    execution: execution_name,
                    error,
                    cause,
                    wait: wait(wait_seconds)?,
                })
            }
        }
    }
}

/// The input's own text, so that no number of it is rounded.
fn input_text(body: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Input<'a> {
        #[serde(borrow)]
        input: &'a RawValue,
    }
    serde_json::from_str::<Input<'_>>(body).ok().map(|body| body.input.get().to_owned())
}

fn derived(message: Option<&str>) -> Result<String, Invalid> {
    let message =
        message.ok_or_else(|| Invalid("executionName is missing, and nothing names the message".into()))?;
    let hex: String = Sha256::digest(message).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("tb-{hex}"))
}

/// FnF's rule for names (official SDK).
fn name(field: &str, text: &str) -> Result<(), Invalid> {
    let mut bytes = text.bytes();
    let starts = bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    if starts && text.len() <= 128 && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
        return Ok(());
    }
    Err(Invalid(format!(
        "{field} must have 1 to 128 letters, digits, underscores and hyphens, and start with a letter or underscore"
    )))
}

fn chars(field: &str, text: &str, most: usize) -> Result<(), Invalid> {
    match text.chars().count() {
        count if (1..=most).contains(&count) => Ok(()),
        count => Err(Invalid(format!("{field} has {count} characters, and may have 1 to {most}"))),
    }
}

fn wait(seconds: u32) -> Result<u32, Invalid> {
    if seconds <= 60 { Ok(seconds) } else { Err(Invalid("waitSeconds may be 0 to 60".into())) }
}

/// serde names field and place; only where it quotes a value is the text left out.
fn shown(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match error.classify() {
        serde_json::error::Category::Data if !text.starts_with("invalid ") => text,
        serde_json::error::Category::Data => {
            "a field has the wrong type: action, flowName, executionName, qualifier, callbackFnFTaskToken, error and \
             cause are texts, input is an object, waitSeconds a number"
                .into()
        }
        _ => "the body is not a JSON object".into(),
    }
}

#[cfg(test)]
mod tests;
