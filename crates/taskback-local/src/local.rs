//! `/_local`: what tests ask for over HTTP. All of it is in [`State`] as well.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};
use taskback_core::{Service, TaskToken};

use crate::answer::Answer;
use crate::json::Fields;
use crate::request::Request;
use crate::{Error, ErrorKind, Fault, OpenTask, Opened, State};

pub(crate) fn handle(state: &State, request: &Request) -> Answer {
    let path: Vec<_> = request.path.trim_start_matches("/_local").split('/').skip(1).collect();
    let done = match (request.method.as_str(), path.as_slice()) {
        ("GET", ["health"]) => Ok((StatusCode::OK, json!({ "status": "ok" }))),
        ("GET", ["tasks"]) => Ok((StatusCode::OK, json!({ "tasks": state.tasks() }))),
        ("POST", ["tasks"]) => open(state, request),
        ("GET", ["tasks", fingerprint]) => {
            let task = state.task(fingerprint).ok_or_else(Error::not_found);
            task.map(|task| (StatusCode::OK, json!(task)))
        }
        ("POST", ["tasks", fingerprint, "cancel"]) => {
            state.cancel(fingerprint).map(|task| (StatusCode::OK, json!(task)))
        }
        ("GET", ["faults"]) => Ok((StatusCode::OK, faults(state))),
        ("POST", ["faults"]) => inject(state, request),
        ("DELETE", ["faults"]) => {
            state.clear_faults();
            Ok((StatusCode::OK, faults(state)))
        }
        ("GET", ["queues"]) => Ok((StatusCode::OK, queues(state))),
        ("GET", ["queues", name]) => Ok((StatusCode::OK, queue(state, name))),
        ("POST", ["queues", name, "receive"]) => receive(state, name, request),
        (_, ["health" | "tasks" | "faults" | "queues"] | ["tasks" | "queues", _])
        | (_, ["tasks", _, "cancel"] | ["queues", _, "receive"]) => {
            let error = "method: not one of this path";
            Ok((StatusCode::METHOD_NOT_ALLOWED, json!({ "error": error })))
        }
        _ => {
            let error = "path: /_local has tasks, queues, faults and health";
            Ok((StatusCode::NOT_FOUND, json!({ "error": error })))
        }
    };
    let (status, body) = done.unwrap_or_else(|error: Error| {
        let status = match error.kind() {
            ErrorKind::Invalid => StatusCode::BAD_REQUEST,
            ErrorKind::NotFound => StatusCode::NOT_FOUND,
            ErrorKind::Conflict => StatusCode::CONFLICT,
        };
        (status, json!({ "error": error.to_string() }))
    });
    Answer::new(status, "application/json", body.to_string())
}

type Done = Result<(StatusCode, Value), Error>;

fn open(state: &State, request: &Request) -> Done {
    let mut fields = fields(request)?;
    let service: String = fields.need("service", SERVICES)?;
    let service =
        Service::from_name(&service).ok_or_else(|| Error::invalid(format!("service: must be {SERVICES}")))?;
    let token: Option<String> = fields.take("taskToken", TEXT)?;
    let token = token.map(|text| TaskToken::new(service, text)).transpose();
    let mut task = OpenTask::new(service);
    task.token = token.map_err(|error| Error::invalid(format!("taskToken: {error}")))?;
    task.input = fields.take_raw("input").unwrap_or(task.input);
    task.timeout = fields.take("timeoutSeconds", SECONDS)?.map(Duration::from_secs);
    task.heartbeat = fields.take("heartbeatSeconds", SECONDS)?.map(Duration::from_secs);
    task.reopen = fields.take("reopen", "true or false")?.unwrap_or_default();
    task.domain = fields.take("domain", TEXT)?;
    task.task_list = fields.take("taskList", TEXT)?;
    task.workflow_id = fields.take("workflowId", TEXT)?;
    task.activity_id = fields.take("activityId", TEXT)?;
    task.activity_type = fields.take("activityType", TEXT)?;
    fields.end()?;
    Ok((StatusCode::CREATED, told(state.open(task)?)))
}

/// An answer of `/_local` that holds a token: to whoever opened its task.
fn told(opened: Opened) -> Value {
    let mut body = json!({});
    if let Some(activity) = opened.activity {
        body = activity.as_polled();
        body["domain"] = activity.domain.into();
        body["taskList"] = activity.task_list.into();
    }
    body["taskToken"] = opened.token.expose().into();
    body["fingerprint"] = opened.fingerprint.into();
    body
}

fn inject(state: &State, request: &Request) -> Done {
    let mut fields = fields(request)?;
    let operation: String = fields.need("operation", TEXT)?;
    let kind: String = fields.need("kind", TEXT)?;
    let mut fault = Fault::new(operation, kind.parse()?);
    fault.times = fields.take("times", "1 to 1000000")?.unwrap_or(1);
    fault.fingerprint = fields.take("fingerprint", TEXT)?;
    fields.end()?;
    state.inject(fault)?;
    Ok((StatusCode::CREATED, faults(state)))
}

fn faults(state: &State) -> Value {
    let rows = state.faults().into_iter().map(|fault| {
        let Fault { operation, kind, times, fingerprint } = fault;
        json!({ "operation": operation, "kind": kind.to_string(), "times": times, "fingerprint": fingerprint })
    });
    json!({ "faults": rows.collect::<Vec<_>>() })
}

fn queues(state: &State) -> Value {
    let rows =
        state.queues().into_iter().map(|(name, messages)| json!({ "name": name, "messages": messages }));
    json!({ "queues": rows.collect::<Vec<_>>() })
}

fn queue(state: &State, name: &str) -> Value {
    let known = state.queues().into_iter().find(|(known, _)| known == name);
    json!({ "name": name, "messages": known.map_or(0, |(_, messages)| messages) })
}

/// Takes messages out of a queue. Their bodies hold tokens: they go to whoever takes them.
fn receive(state: &State, name: &str, request: &Request) -> Done {
    let mut fields = fields(request)?;
    let max = fields.take("max", MAX)?.unwrap_or(1);
    fields.end()?;
    if !(1..=1000).contains(&max) {
        return Err(Error::invalid(format!("max: must be {MAX}")));
    }
    let messages = state.receive(name, max).into_iter();
    let messages: Vec<_> =
        messages.map(|message| json!({ "id": message.id, "body": message.body })).collect();
    Ok((StatusCode::OK, json!({ "messages": messages })))
}

fn fields(request: &Request) -> Result<Fields, Error> {
    let body = request.body.as_deref().ok_or_else(|| Error::invalid("body: has more than 1048576 bytes"))?;
    Fields::read(body)
}

const SERVICES: &str = "fnf or swf";
const MAX: &str = "1 to 1000";
const TEXT: &str = "text";
const SECONDS: &str = "a whole number of seconds";
