use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::members::{self, Members, TOKEN_KEYS};
use crate::{Execution, Service, Task, TaskToken, TokenError, swf};

/// How a message's body is read. Nothing is guessed: the service comes from the envelope or from
/// here, and so do names that the flow's author chose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// The service of a token whose message names none.
    pub service: Option<Service>,
    /// JSON pointer (RFC 6901) to the token.
    pub token_pointer: Option<String>,
    /// JSON pointer to the input.
    pub input_pointer: Option<String>,
}

impl Reading {
    /// The task that `body` brings, a JSON object in one of three shapes:
    /// - an envelope, which has `service` (`fnf` or `swf`), `input` and a token;
    /// - an SWF poll answer (`taskToken`, `activityType`, `workflowExecution`, `startedEventId`);
    /// - any other object with exactly one of `taskToken`, `task_token`, `TaskToken`: the input
    ///   is the object without it.
    ///
    /// Pointers apply to what is no whole envelope.
    pub fn task(&self, body: &str) -> Result<Task, Unreadable> {
        let json = || serde_json::from_str::<&RawValue>(body).map_err(|_| Unreadable::NotJson);
        let Some(members) = Members::parse(body) else {
            return Err(json().map_or_else(|error| error, |_| Unreadable::NotAnObject));
        };
        let envelope =
            members.text("service").and_then(|name| Service::from_name(&name)).zip(members.get("input"));
        if let Some((service, input)) = envelope
            && (self.token_pointer.is_none() || members.holds_token())
        {
            return enveloped(&members, service, input);
        }
        let (token, rest) = match &self.token_pointer {
            Some(pointer) => {
                let json = json()?;
                let token =
                    members::find(json, pointer).ok_or(Unreadable::NothingAt("TASKBACK_TOKEN_POINTER"))?;
                (token, members::without(json, pointer))
            }
            None => {
                let (key, token) = only_token(&members)?;
                (token, members.without(key))
            }
        };
        let poll = PollAnswer::of(&members, body);
        let service = if poll.is_some() { Some(Service::Swf) } else { self.service };
        let token = token_text(token, service.ok_or(Unreadable::NoService)?)?;
        let input = match (&self.input_pointer, &poll) {
            (Some(pointer), _) => members::find(json()?, pointer)
                .ok_or(Unreadable::NothingAt("TASKBACK_INPUT_POINTER"))?
                .to_owned(),
            (None, Some(poll)) => poll.input(),
            (None, None) => rest,
        };
        let execution = poll.map(PollAnswer::execution).unwrap_or_default();
        Ok(Task { token, input, heartbeat: None, execution })
    }
}

/// Why a body brings no task. No kind holds any of the body's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// The body is not JSON: mend the sender.
    NotJson,
    /// The body is JSON but no object: mend the sender.
    NotAnObject,
    /// None of the three names of a token is there: mend the sender, or set
    /// `TASKBACK_TOKEN_POINTER`.
    NoToken,
    /// More than one token: mend the sender, for nobody can say which task is meant.
    TwoTokens,
    /// The token is no text: mend the sender.
    TokenNotText,
    /// The token is empty or too long: mend the sender.
    Token(TokenError),
    /// The envelope's field of that name has another type than it should.
    Field(&'static str),
    /// The setting of that name holds a pointer that finds nothing here.
    NothingAt(&'static str),
    /// Nothing says which service the token belongs to: set `TASKBACK_SERVICE`.
    NoService,
}

impl Unreadable {
    /// Whether the settings are at fault and not the message.
    pub const fn is_settings_fault(&self) -> bool {
        matches!(self, Self::NothingAt(_) | Self::NoService)
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson => f.write_str("the body is not JSON"),
            Self::NotAnObject => f.write_str("the body is not a JSON object"),
            Self::NoToken => f.write_str("the body has no token under taskToken, task_token or TaskToken"),
            Self::TwoTokens => f.write_str("the body has more than one token"),
            Self::TokenNotText => f.write_str("the token is not a JSON string"),
            Self::Token(error) => error.fmt(f),
            Self::Field(name) => write!(f, "the envelope's field {name} has the wrong type"),
            Self::NothingAt(setting) => write!(f, "the pointer in {setting} finds nothing in the body"),
            Self::NoService => f.write_str("the body names no service and TASKBACK_SERVICE is not set"),
        }
    }
}

impl std::error::Error for Unreadable {}

fn enveloped(members: &Members<'_>, service: Service, input: &RawValue) -> Result<Task, Unreadable> {
    let (_, token) = only_token(members)?;
    let heartbeat = match field::<u32>(members, "heartbeatSeconds")? {
        Some(0) => return Err(Unreadable::Field("heartbeatSeconds")),
        seconds => seconds.map(|seconds| Duration::from_secs(seconds.into())),
    };
    Ok(Task {
        token: token_text(token, service)?,
        input: input.to_owned(),
        heartbeat,
        execution: field(members, "execution")?.unwrap_or_default(),
    })
}

fn only_token<'a>(members: &Members<'a>) -> Result<(&'static str, &'a RawValue), Unreadable> {
    let mut found = members.0.iter().filter_map(|(name, value)| {
        let key = TOKEN_KEYS.into_iter().find(|key| key == name)?;
        Some((key, *value))
    });
    let only = found.next().ok_or(Unreadable::NoToken)?;
    if found.next().is_some() { Err(Unreadable::TwoTokens) } else { Ok(only) }
}

fn token_text(token: &RawValue, service: Service) -> Result<TaskToken, Unreadable> {
    let text: String = serde_json::from_str(token.get()).map_err(|_| Unreadable::TokenNotText)?;
    TaskToken::new(service, text).map_err(Unreadable::Token)
}

/// An optional member; null counts as absent.
fn field<'a, T: Deserialize<'a>>(members: &Members<'a>, name: &'static str) -> Result<Option<T>, Unreadable> {
    match members.get(name) {
        Some(value) => serde_json::from_str(value.get()).map_err(|_| Unreadable::Field(name)),
        None => Ok(None),
    }
}

/// What PollForActivityTask answers, beside the token.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PollAnswer {
    activity_type: ActivityType,
    workflow_execution: WorkflowExecution,
    started_event_id: i64,
    activity_id: Option<String>,
    input: Option<String>,
}

#[derive(Deserialize)]
struct ActivityType {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WorkflowExecution {
    workflow_id: String,
    run_id: String,
}

impl PollAnswer {
    fn of(members: &Members<'_>, body: &str) -> Option<Self> {
        members.get("startedEventId")?;
        serde_json::from_str(body).ok()
    }

    fn input(&self) -> Box<RawValue> {
        swf::input(self.input.as_deref())
    }

    fn execution(self) -> Execution {
        Execution {
            workflow_id: Some(self.workflow_execution.workflow_id),
            run_id: Some(self.workflow_execution.run_id),
            activity_id: self.activity_id,
            activity_type: Some(self.activity_type.name),
            started_event_id: Some(self.started_event_id),
            ..Execution::default()
        }
    }
}

#[cfg(test)]
mod tests;
