use std::time::Duration;

use serde_json::value::RawValue;

use crate::decode_error::DecodeError;
use crate::execution::Execution;
use crate::fields::{field, given, optional};
use crate::members::{self, Members, Repeated};
use crate::pointer;
use crate::raw_task::RawTask;
use crate::service::Service;
use crate::spec::PollAnswer;
use crate::token::TaskToken;
use crate::token_keys::TokenKeys;
use crate::unwrap::unwrap_with;

mod job;

use job::Job;

/// The rules for reading a message's body. Nothing is guessed: the service comes from the envelope or from
/// here, and so do names that the flow's author chose.
///
/// ```
/// use taskback_core::{MessageFormat, Service};
///
/// let format = MessageFormat { service: Some(Service::Fnf), ..MessageFormat::default() };
/// let task = format.message(r#"{"taskToken": "the-token", "total": 99}"#)?;
/// assert_eq!((task.token.expose(), task.input.get()), ("the-token", r#"{"total":99}"#));
/// # Ok::<(), taskback_core::DecodeError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageFormat {
    /// The service of a token whose message does not name one, as whole envelopes and SWF poll answers do.
    pub service: Option<Service>,
    /// JSON pointer (RFC 6901) to the token.
    pub token_pointer: Option<String>,
    /// JSON pointer to the input.
    pub input_pointer: Option<String>,
}

impl MessageFormat {
    /// The task that `body` brings, a JSON object in one of four shapes:
    /// - an envelope, which has `service` (the name of one of ours), `input` and a token; names and service in
    ///   any case;
    /// - an SWF poll answer (`taskToken`, `activityType`, `workflowExecution`, `startedEventId`);
    /// - any other object with exactly one of `taskToken`, `task_token`, `TaskToken`, and of the names that the
    ///   [service](Self::service) has beside them: the input is the object without it;
    /// - for a service whose own workers get documents with a `job` and a `version`, such a document.
    ///
    /// Null counts as absent. Pointers apply to bodies that are not whole envelopes. A body whose
    /// `service` names one of ours, and that is neither an envelope nor found by a pointer, is an error; a name that is
    /// [not reserved](crate::ServiceSpec::is_reserved_name) counts only beside `input` or `execution`, or if it is that
    /// of the settings.
    pub fn task(&self, body: &str) -> Result<RawTask, DecodeError> {
        match Members::parse(body) {
            Some(members) => self.task_of(body, &members),
            None => match serde_json::from_str::<&RawValue>(body) {
                Ok(_) => Err(DecodeError::NotAnObject),
                Err(_) => Err(DecodeError::NotJson),
            },
        }
    }

    /// The task that a message brings, by itself or [inside of wrappers](crate::unwrap_message).
    pub fn message(&self, body: &str) -> Result<RawTask, DecodeError> {
        match Members::parse(body) {
            // Not a wrapper, so it is parsed once.
            Some(members) if self.holds_token(&members) => self.task_of(body, &members),
            _ => self.task(&unwrap_with(body, |members| self.holds_token(members))),
        }
    }

    fn task_of(&self, body: &str, members: &Members<'_>) -> Result<RawTask, DecodeError> {
        let named = self.named_service(members)?;
        if let Some(service) = named
            && let Some(task) = self.envelope(body, members, service)?
        {
            return Ok(task);
        }
        self.other_object(body, members, named)
    }

    /// The task of a whole envelope; `None` = it is not whole, and a pointer applies to it.
    fn envelope(
        &self,
        body: &str,
        members: &Members<'_>,
        service: Service,
    ) -> Result<Option<RawTask>, DecodeError> {
        let token = members.token(keys(Some(service)));
        let error = match (optional(members, "input"), token) {
            (Ok(Some(input)), Ok(Some((_, token)))) => {
                return enveloped(members, token_text(token, service)?, input).map(Some);
            }
            (_, Err(Repeated)) => DecodeError::MultipleTokens,
            (Err(repeated), _) => repeated.into(),
            (_, Ok(None)) => DecodeError::NoToken,
            (Ok(None), Ok(Some(_))) => DecodeError::NoInput(service),
        };
        if !self.pointers_find(raw(body)?) {
            return Err(error);
        }
        match self.service {
            Some(configured) if configured != service => {
                Err(DecodeError::OtherService { named: service, configured })
            }
            _ => Ok(None),
        }
    }

    /// The task of a poll's answer or of any other object, by the pointers where they are set.
    fn other_object(
        &self,
        body: &str,
        members: &Members<'_>,
        named: Option<Service>,
    ) -> Result<RawTask, DecodeError> {
        let (token, rest) = match &self.token_pointer {
            Some(pointer) => {
                let json = raw(body)?;
                (self.token_at(json, pointer)?, pointer::remove(json, pointer))
            }
            None => {
                if let Some(task) = self.job(members)? {
                    return Ok(task);
                }
                let (key, token) = flat_token(members, keys(named.or(self.service)))?;
                (token, members.without(key))
            }
        };
        let poll = poll_answer(members)?;
        let service = poll.as_ref().map(|(service, _)| *service).or(named).or(self.service);
        let token = token_text(token, service.ok_or(DecodeError::NoService)?)?;
        let input = match (&self.input_pointer, &poll) {
            // In the remaining members, since a step never sees the token.
            (Some(pointer), _) => resolve(&rest, pointer, "TASKBACK_INPUT_POINTER")?.to_owned(),
            (None, Some((_, poll))) => poll.input.clone(),
            (None, None) => rest,
        };
        let execution = poll.map(|(_, poll)| poll.execution).unwrap_or_default();
        Ok(RawTask { token, input, heartbeat: None, execution })
    }

    /// The service that a member `service` names. Repeated members count only where one of them names one of
    /// ours: otherwise they belong to the input.
    fn named_service(&self, members: &Members<'_>) -> Result<Option<Service>, DecodeError> {
        let counts = |service: &Service| {
            service.spec().is_reserved_name
                || self.service == Some(*service)
                || !matches!(members.in_any_case("input"), Ok(None))
                || !matches!(given(members, "execution"), Ok(None))
        };
        let service = |value| Service::from_name(&members::text(value)?.trim().to_ascii_lowercase());
        let mut all = members.all_in_any_case("service");
        let named = all.find_map(|value| service(value).filter(counts));
        let repeated = members.all_in_any_case("service").nth(1).is_some();
        if named.is_some() && repeated { Err(DecodeError::Repeated("service")) } else { Ok(named) }
    }

    /// Whether the body holds a token of the service that it names, or else of the settings' service.
    fn holds_token(&self, members: &Members<'_>) -> bool {
        // Most bodies have a name that counts for every service, and then need no look at the service.
        if members.holds_token_of(keys(None)) {
            return true;
        }
        let named = self.named_service(members).ok().flatten();
        members.holds_token_of(keys(named.or(self.service)))
    }

    /// The task in a document for the own workers of the settings' service; `None` = it is not one.
    fn job(&self, members: &Members<'_>) -> Result<Option<RawTask>, DecodeError> {
        let Some(service) = self.service.filter(|_| self.input_pointer.is_none()) else { return Ok(None) };
        let Some(name) = service.spec().job_member.filter(|_| !self.holds_token(members)) else {
            return Ok(None);
        };
        let Some(Job { token, input, heartbeat }) = Job::read(members, name, keys(Some(service)))? else {
            return Ok(None);
        };
        let token = token_text(token, service)?;
        Ok(Some(RawTask { token, input, heartbeat, execution: Execution::default() }))
    }

    fn token_at<'a>(&self, json: &'a RawValue, pointer: &str) -> Result<&'a RawValue, DecodeError> {
        let token = resolve(json, pointer, "TASKBACK_TOKEN_POINTER")?;
        if members::is_null(token) {
            Err(DecodeError::PointerNotFound("TASKBACK_TOKEN_POINTER"))
        } else {
            Ok(token)
        }
    }

    fn pointers_find(&self, json: &RawValue) -> bool {
        let pointers = [&self.token_pointer, &self.input_pointer].into_iter().flatten();
        pointers
            .filter_map(|pointer| pointer::find(json, pointer))
            .any(|found| !members::is_null(found.value))
    }
}

/// The names of a token in messages for that service.
fn keys(service: Option<Service>) -> TokenKeys {
    TokenKeys::with(service.map_or(&[], |service| service.spec().token_keys))
}

fn raw(body: &str) -> Result<&RawValue, DecodeError> {
    serde_json::from_str(body).map_err(|_| DecodeError::NotJson)
}

fn enveloped(members: &Members<'_>, token: TaskToken, input: &RawValue) -> Result<RawTask, DecodeError> {
    let heartbeat = match field::<u32>(members, "heartbeatSeconds")? {
        Some(0) => return Err(DecodeError::Field("heartbeatSeconds")),
        seconds => seconds.map(|seconds| Duration::from_secs(seconds.into())),
    };
    let execution = execution(members, token.service())?;
    Ok(RawTask { token, input: input.to_owned(), heartbeat, execution })
}

/// The ids of the workflow, which the service's own file reads.
fn execution(members: &Members<'_>, service: Service) -> Result<Execution, DecodeError> {
    const NAME: &str = "execution";
    let Some(ids) = given(members, NAME)? else { return Ok(Execution::default()) };
    if let (Some(id), Some(text)) = (service.spec().execution_text, members::text(ids)) {
        return Ok(Execution::default().with_text(id, Some(text)));
    }
    let ids = Members::of(ids).ok_or(DecodeError::Field(NAME))?;
    (service.spec().execution)(&ids).map_err(|_| DecodeError::Field(NAME))
}

/// The answer to a poll, of the service that knows its shape.
fn poll_answer(members: &Members<'_>) -> Result<Option<(Service, PollAnswer)>, DecodeError> {
    for service in Service::ALL {
        if let Some(read) = service.spec().poll_answer
            && let Some(answer) = read(members)?
        {
            return Ok(Some((service, answer)));
        }
    }
    Ok(None)
}

/// The token of a body that is not an envelope, under exactly one of its names.
fn flat_token<'a>(
    members: &Members<'a>,
    keys: TokenKeys,
) -> Result<(&'static str, &'a RawValue), DecodeError> {
    let token = members.token(keys).map_err(|Repeated| DecodeError::MultipleTokens)?;
    let (name, token) = token.ok_or(DecodeError::NoToken)?;
    let name = keys.exact(&name).ok_or(DecodeError::NoToken)?;
    Ok((name, token))
}

fn token_text(token: &RawValue, service: Service) -> Result<TaskToken, DecodeError> {
    let text = members::text(token).ok_or(DecodeError::TokenNotString)?;
    if !text.is_empty() && text.len() <= service.spec().max_token_chars && !(service.spec().is_token)(&text) {
        return Err(DecodeError::MalformedToken(service));
    }
    TaskToken::new(service, text).map_err(DecodeError::Token)
}

/// The value that the pointer in that setting finds.
fn resolve<'a>(
    json: &'a RawValue,
    pointer: &str,
    setting: &'static str,
) -> Result<&'a RawValue, DecodeError> {
    match pointer::find(json, pointer) {
        None => Err(DecodeError::PointerNotFound(setting)),
        Some(found) if found.repeated => Err(DecodeError::PointerRepeated(setting)),
        Some(found) => Ok(found.value),
    }
}

#[cfg(test)]
mod tests;
