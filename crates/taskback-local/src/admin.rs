//! `/_local`, the HTTP API for tests. [`SharedState`] offers the same within the process.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};
use taskback_core::{Service, TaskToken};

use crate::error::{AdminError, AdminErrorKind};
use crate::faults::Fault;
use crate::json_fields::JsonFields;
use crate::open::{OpenTask, OpenedTask};
use crate::request::Request;
use crate::response::HttpResponse;
use crate::shared::SharedState;

pub(crate) fn handle(state: &SharedState, request: &Request) -> HttpResponse {
    let path: Vec<_> = request.path.trim_start_matches("/_local").split('/').skip(1).collect();
    let result = match (request.method.as_str(), path.as_slice()) {
        ("GET", ["health"]) => Ok((StatusCode::OK, json!({ "status": "ok" }))),
        ("GET", ["tasks"]) => Ok((StatusCode::OK, json!({ "tasks": state.tasks() }))),
        ("POST", ["tasks"]) => open(state, request),
        ("GET", ["tasks", fingerprint]) => {
            let task = state.task(fingerprint).ok_or_else(AdminError::not_found);
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
            let error = "method: not allowed for this path";
            Ok((StatusCode::METHOD_NOT_ALLOWED, json!({ "error": error })))
        }
        _ => {
            let error = "path: not found; /_local has tasks, queues, faults and health";
            Ok((StatusCode::NOT_FOUND, json!({ "error": error })))
        }
    };
    let (status, body) = result.unwrap_or_else(|error: AdminError| {
        let status = match error.kind() {
            AdminErrorKind::Invalid => StatusCode::BAD_REQUEST,
            AdminErrorKind::NotFound => StatusCode::NOT_FOUND,
            AdminErrorKind::Conflict => StatusCode::CONFLICT,
        };
        (status, json!({ "error": error.to_string() }))
    });
    HttpResponse::new(status, "application/json", body.to_string())
}

type AdminResult = Result<(StatusCode, Value), AdminError>;

fn open(state: &SharedState, request: &Request) -> AdminResult {
    let mut fields = fields(request)?;
    let service = service(&mut fields)?;
    let token: Option<String> = fields.take("taskToken", TEXT)?;
    let token = token.map(|text| TaskToken::new(service, text)).transpose();
    let mut task = OpenTask::new(service);
    task.token = token.map_err(|error| AdminError::invalid(format!("taskToken: {error}")))?;
    task.input = fields.take_raw("input").unwrap_or(task.input);
    task.timeout = fields.take("timeoutSeconds", SECONDS)?.map(Duration::from_secs);
    task.heartbeat = fields.take("heartbeatSeconds", SECONDS)?.map(Duration::from_secs);
    task.reopen = fields.take("reopen", "true or false")?.unwrap_or_default();
    task.domain = fields.take("domain", TEXT)?;
    task.task_list = fields.take("taskList", TEXT)?;
    task.workflow_id = fields.take("workflowId", TEXT)?;
    task.activity_id = fields.take("activityId", TEXT)?;
    task.activity_type = fields.take("activityType", TEXT)?;
    task.activity_arn = fields.take("activityArn", TEXT)?;
    task.execution_arn = fields.take("executionArn", TEXT)?;
    task.state_name = fields.take("stateName", TEXT)?;
    fields.finish()?;
    Ok((StatusCode::CREATED, opened(state.open(task)?)))
}

fn service(fields: &mut JsonFields) -> Result<Service, AdminError> {
    let names: Vec<_> = Service::ALL.iter().map(|service| service.name()).collect();
    let expected = names.join(" or ");
    let name: String = fields.require("service", &expected)?;
    let service = Service::from_name(&name);
    service.ok_or_else(|| AdminError::invalid(format!("service: must be {expected}")))
}

/// A response that holds the token, which only the caller that opened the task gets.
fn opened(task: OpenedTask) -> Value {
    let mut body = json!({});
    if let Some(activity) = task.activity {
        body = activity.as_polled();
        body["domain"] = activity.domain.into();
        body["taskList"] = activity.task_list.into();
    }
    if let Some(waiting) = task.waiting_state {
        body = waiting.as_opened();
    }
    if let Some(callback) = task.callback {
        body = callback.as_opened();
    }
    body["taskToken"] = task.token.expose().into();
    body["fingerprint"] = task.fingerprint.into();
    body
}

fn inject(state: &SharedState, request: &Request) -> AdminResult {
    let mut fields = fields(request)?;
    let operation: String = fields.require("operation", TEXT)?;
    let kind: String = fields.require("kind", TEXT)?;
    let mut fault = Fault::new(operation, kind.parse()?);
    fault.times = fields.take("times", "1 to 1000000")?.unwrap_or(1);
    fault.fingerprint = fields.take("fingerprint", TEXT)?;
    fields.finish()?;
    state.inject(fault)?;
    Ok((StatusCode::CREATED, faults(state)))
}

fn faults(state: &SharedState) -> Value {
    let rows = state.faults().into_iter().map(|fault| {
        let Fault { operation, kind, times, fingerprint } = fault;
        json!({ "operation": operation, "kind": kind.to_string(), "times": times, "fingerprint": fingerprint })
    });
    json!({ "faults": rows.collect::<Vec<_>>() })
}

fn queues(state: &SharedState) -> Value {
    let rows =
        state.queues().into_iter().map(|(name, messages)| json!({ "name": name, "messages": messages }));
    json!({ "queues": rows.collect::<Vec<_>>() })
}

fn queue(state: &SharedState, name: &str) -> Value {
    let queue = state.queues().into_iter().find(|(known, _)| known == name);
    json!({ "name": name, "messages": queue.map_or(0, |(_, messages)| messages) })
}

/// Removes messages from a queue. Their bodies hold tokens, which only this caller gets.
fn receive(state: &SharedState, name: &str, request: &Request) -> AdminResult {
    let mut fields = fields(request)?;
    let max = fields.take("max", MAX)?.unwrap_or(1);
    fields.finish()?;
    if !(1..=1000).contains(&max) {
        return Err(AdminError::invalid(format!("max: must be {MAX}")));
    }
    let messages = state.receive(name, max).into_iter();
    let messages: Vec<_> =
        messages.map(|message| json!({ "id": message.id, "body": message.body })).collect();
    Ok((StatusCode::OK, json!({ "messages": messages })))
}

fn fields(request: &Request) -> Result<JsonFields, AdminError> {
    let body =
        request.body.as_deref().ok_or_else(|| AdminError::invalid("body: has more than 1048576 bytes"))?;
    JsonFields::parse(body)
}

const MAX: &str = "1 to 1000";
const TEXT: &str = "text";
const SECONDS: &str = "a whole number of seconds";
