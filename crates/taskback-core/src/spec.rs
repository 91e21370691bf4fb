//! All that taskback must know of a service: one [`ServiceSpec`] in the file of each.

use serde_json::value::RawValue;

use crate::execution::Execution;
use crate::fields::FieldError;
use crate::members::Members;
use crate::outcome::Outcome;
use crate::response::{ServiceResponse, Verdict};

/// The facts and functions in which services differ.
#[derive(Debug)]
#[non_exhaustive]
pub struct ServiceSpec {
    /// The name in envelopes, settings and logs.
    pub name: &'static str,
    /// The maximum of characters in a task token.
    pub max_token_chars: usize,
    /// Whether a text may be a token of the service, as far as its model says so. No report could carry any other.
    pub(crate) is_token: fn(&str) -> bool,
    /// The names of a token in its messages beside [`TOKEN_KEYS`](crate::TOKEN_KEYS).
    pub token_keys: &'static [&'static str],
    /// Whether a member `service` with this name makes any body an envelope, complete or not. Otherwise it does so only
    /// where the settings name this service, or beside `input` or `execution`: without them it belongs to the input.
    pub is_reserved_name: bool,
    /// The member that holds the task in the documents which the service's own workers get, where the settings name this
    /// service.
    pub job_member: Option<&'static str>,
    /// The limit of a step's output.
    pub output_limit: OutputLimit,
    /// Whether its workflows expect a JSON object as output; another output is reported with a warning.
    pub expects_object_output: bool,
    /// The permissions that a report needs, as the cloud's policies name them.
    pub report_actions: &'static [&'static str],
    /// The permission that a heartbeat needs; `None` = the service has no heartbeat.
    pub heartbeat_action: Option<&'static str>,
    /// The error answers that a fake of the service gives.
    pub refusals: Refusals,
    /// The conditions under which there is a client, such as `the feature swf and AWS_REGION`.
    pub needs: &'static str,
    /// The settings that make a client, such as `AWS_REGION for SWF`.
    pub settings: &'static str,
    /// The outcome within the service's own limits: texts are cut, and an output that can never fit becomes the failure
    /// `OutputTooLarge`.
    pub enforce_limits: fn(Outcome) -> Outcome,
    /// A key that stays the same when the workflow retries the step with a new token; `None` where the message does not
    /// name enough of the workflow.
    pub business_key: fn(&Execution) -> Option<String>,
    /// The same with the workflow's run, where the service has runs: another run has another key.
    pub business_key_with_run: fn(&Execution) -> Option<String>,
    /// Reads an error code and its message; `None` = not a code of this service.
    pub(crate) classify: fn(&str, &str) -> Option<Verdict>,
    /// Reads the envelope's `execution`.
    pub(crate) execution: fn(&Members<'_>) -> Result<Execution, FieldError>,
    /// The id that an `execution` which is text has; `None` = it must be an object.
    pub(crate) execution_text: Option<&'static str>,
    /// Reads a body that is the service's answer to a poll, known by its shape; `None` = it is not one.
    pub(crate) poll_answer: Option<ReadPollAnswer>,
}

type ReadPollAnswer = fn(&Members<'_>) -> Result<Option<PollAnswer>, FieldError>;

/// The limit of a step's output, in the unit in which the service counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutputLimit {
    /// Bytes of UTF-8.
    Bytes(usize),
    /// UTF-16 units, the larger of the units that "characters" may mean.
    Chars(usize),
}

/// A poll's answer, beside its token.
#[derive(Debug)]
pub(crate) struct PollAnswer {
    pub(crate) input: Box<RawValue>,
    pub(crate) execution: Execution,
}

/// The error answers of a service, as far as fakes of it give them.
#[derive(Debug)]
#[non_exhaustive]
pub struct Refusals {
    /// The task is closed.
    pub closed: Refusal,
    /// Too many calls.
    pub throttled: Refusal,
    /// The service's own failure.
    pub server_error: Refusal,
    /// The output exceeds the limit.
    pub too_large: Refusal,
    /// The output has a form that the service does not accept.
    pub bad_form: Refusal,
    /// Credentials or policy.
    pub denied: Refusal,
}

/// One error answer.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The service's code.
    pub code: &'static str,
    /// The service's text.
    pub message: &'static str,
}

impl Refusal {
    pub(crate) const fn new(status: u16, code: &'static str, message: &'static str) -> Self {
        Self { status, code, message }
    }

    /// The answer with that id of the request.
    pub fn response(&self, request_id: &str) -> ServiceResponse {
        ServiceResponse::Refused {
            status: self.status,
            code: Some(self.code.into()),
            message: self.message.into(),
            request_id: Some(request_id.into()),
        }
    }
}
