//! StartExecution, StopExecution, DescribeExecution, ListExecutions.

use std::collections::BTreeMap;
use std::time::Duration;

use http::StatusCode;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use taskback_core::{Service, TaskToken};
use tokio::time::Instant;

use super::definition::Mode;
use super::execution::{Execution, Reason, Status, Waits};
use super::flows::flow;
use super::params::{Params, too_large};
use super::reports::{MOST_CAUSE, MOST_ERROR, MOST_OUTPUT};
use super::{invalid, run};
use crate::FaultKind;
use crate::answer::{Refusal, uuid};
use crate::books::Books;
use crate::call::{Done, Turn};

/// StartExecution. A name that runs gives the running execution, whatever else was asked for.
pub(super) fn start(books: &mut Books, params: &Params, now: Instant) -> Done {
    let flow_name = params.need_name("FlowName")?;
    let name = params.name("ExecutionName")?;
    let input = params.get("Input").unwrap_or("{}");
    if input.len() > MOST_OUTPUT {
        return Err(too_large(format!("Input has more than {MOST_OUTPUT} bytes.")));
    }
    if !is_object(input) {
        return Err(invalid("Input must be a JSON object."));
    }
    let callback = params.get("CallbackFnFTaskToken").map(|token| TaskToken::new(Service::Fnf, token));
    let callback = callback
        .transpose()
        .map_err(|error| invalid(format!("CallbackFnFTaskToken is invalid: {error}.")))?;
    if params.get("Qualifier").is_some_and(|qualifier| qualifier != "LATEST") {
        return Err(invalid("Qualifier: no version or alias but LATEST is supported by taskback local."));
    }
    let flow = flow(books, flow_name)?;
    if flow.mode != Mode::Standard {
        return Err(invalid("The flow must be in Standard mode."));
    }
    if let Some(id) = name.and_then(|name| flow.executions.get(name)) {
        let run = &books.fnf.executions[*id];
        return match run.status {
            Status::Running => Ok(run.view(&books.clock)),
            _ => Err(Refusal::bad_request(
                "ExecutionAlreadyExists",
                format!("Execution {} of flow {flow_name} already exists.", run.name),
            )),
        };
    }
    let execution = Execution {
        flow_name: flow_name.to_owned(),
        name: name.map_or_else(|| format!("execution-{}", uuid()), str::to_owned),
        definition: flow.definition.clone(),
        machine: flow.machine.clone(),
        role_arn: flow.role_arn.clone(),
        input: input.to_owned(),
        status: Status::Starting,
        output: String::new(),
        started: now,
        ended: None,
        callback: callback.map(|token| token.fingerprint().hex()),
        events: Vec::new(),
        place: flow.machine.start,
        state_input: String::new(),
        waits: Waits::Nothing,
        stopping: None,
    };
    // The answer does not wait for the first step, as the service's does not.
    let view = execution.view(&books.clock);
    run::start(books, execution, now);
    Ok(view)
}

pub(super) fn stop(books: &mut Books, params: &Params, turn: Turn) -> Done {
    let id = find(books, params)?;
    let error = params.text("Error", MOST_ERROR)?.map(str::to_owned);
    let cause = params.text("Cause", MOST_CAUSE)?.map(str::to_owned);
    let reason = Reason { error, cause };
    let run = &mut books.fnf.executions[id];
    if run.status != Status::Running {
        let message = format!("Execution {} has already completed.", run.name);
        return Err(Refusal::bad_request("ExecutionAlreadyCompleted", message));
    }
    match turn.fault {
        _ if run.stopping.is_some() => return Err(conflict()),
        Some(FaultKind::Stopping(after)) => {
            let at = turn.now + after;
            run.stopping = Some((at, reason));
            books.fnf.timers.insert((at, id));
        }
        _ => run::stop(books, id, reason, turn.now),
    }
    Ok(books.fnf.executions[id].view(&books.clock))
}

/// DescribeExecution. No answer while the execution runs and there is time to wait.
pub(super) fn describe(books: &Books, params: &Params, last: bool) -> Option<Done> {
    let id = match find(books, params).and_then(|id| params.number(WAIT, 0..=60).map(|_| id)) {
        Ok(id) => id,
        Err(refusal) => return Some(Err(refusal)),
    };
    let run = &books.fnf.executions[id];
    (last || run.status != Status::Running).then(|| Ok(run.view(&books.clock)))
}

/// How long a call may wait for an execution's end.
pub(super) fn wait(params: &Params) -> Duration {
    let seconds = params.number(WAIT, 0..=60).ok().flatten().unwrap_or_default();
    Duration::from_secs(seconds as u64)
}

/// ListExecutions, in the order in which they started. A page's token is the place of the last one.
pub(super) fn list(books: &Books, params: &Params) -> Done {
    let flow = flow(books, params.need_name("FlowName")?)?;
    let limit = params.number("Limit", 1..=100)?.unwrap_or(60);
    let status = match params.get("Status") {
        None => None,
        Some(name) => Some(Status::named(name).ok_or_else(|| invalid("Status is not one of an execution."))?),
    };
    let after = params.get("NextToken").map(str::parse::<usize>).transpose();
    let after = after.map_err(|_| invalid("NextToken is invalid."))?;
    let mut ids: Vec<_> = flow.executions.values().copied().collect();
    ids.sort_unstable();
    let wanted = |id: &usize| {
        after.is_none_or(|after| *id > after)
            && status.is_none_or(|status| books.fnf.executions[*id].status == status)
    };
    let mut wanted = ids.into_iter().filter(wanted).peekable();
    let page: Vec<usize> = wanted.by_ref().take(limit).collect();
    let more = wanted.peek().is_some();
    let next = page.last().filter(|_| more).map(usize::to_string).unwrap_or_default();
    let views: Vec<Value> = page.iter().map(|id| books.fnf.executions[*id].view(&books.clock)).collect();
    Ok(json!({ "Executions": views, "NextToken": next }))
}

/// The execution that a request names.
pub(super) fn find(books: &Books, params: &Params) -> Result<usize, Refusal> {
    let flow_name = params.need_name("FlowName")?;
    let name = params.need_name("ExecutionName")?;
    let found = flow(books, flow_name)?.executions.get(name).copied();
    found.ok_or_else(|| {
        let message = format!("Execution {name} of flow {flow_name} does not exist.");
        Refusal::new(StatusCode::NOT_FOUND, "ExecutionNotExists", message)
    })
}

pub(super) fn conflict() -> Refusal {
    let message = "The execution is being updated. Please retry.";
    Refusal::new(StatusCode::CONFLICT, "ConcurrentUpdateError", message)
}

pub(super) fn is_object(json: &str) -> bool {
    serde_json::from_str::<BTreeMap<String, IgnoredAny>>(json).is_ok()
}

const WAIT: &str = "WaitTimeSeconds";
