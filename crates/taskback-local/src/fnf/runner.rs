//! Runs an execution from state to state, until one waits or the execution ends.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use taskback_core::{Service, TaskToken};
use tokio::time::Instant;

use super::definition::{CallbackTask, StateKind};
use super::execution::{ExecutionStatus, Failure, FailureReason, FlowExecution, WaitingFor};
use super::expression::Scope;
use super::json::is_object;
use super::limits::{MAX_DATA, MAX_EVENTS, MAX_TIMEOUT};
use super::state::FnfState;
use super::template::Template;
use super::token;
use crate::effect::Effect;
use crate::open::OpenTask;

/// The next thing that an execution does.
pub(super) enum Transition {
    /// Enter the state with this index and input.
    Enter(usize, String),
    /// Succeed with this output.
    Succeed(String),
}

/// The result of entering a state.
enum Entered {
    Output(String),
    Waiting(Vec<Effect>),
}

/// Runs states until one waits or the execution ends.
pub(super) fn run(state: &mut FnfState, id: usize, mut next: Transition, at: Instant) -> Vec<Effect> {
    loop {
        let entered = match next {
            Transition::Enter(index, input) => enter(state, id, index, input, at),
            Transition::Succeed(output) => return state.executions[id].succeed(output, at),
        };
        let execution = &mut state.executions[id];
        let transition = match entered {
            Ok(Entered::Waiting(effects)) => return effects,
            Ok(Entered::Output(output)) => leave(execution, output, at),
            Err(failure) => Err(failure),
        };
        next = match transition {
            Ok(next) => next,
            Err(failure) => return execution.fail(failure, at),
        };
    }
}

/// Leaves the current state with its output.
pub(super) fn leave(
    execution: &mut FlowExecution,
    output: String,
    at: Instant,
) -> Result<Transition, Failure> {
    let machine = Arc::clone(&execution.machine);
    let state = &machine.states[execution.state_index];
    check_data(&output)?;
    let output = match &state.output {
        Some(constructor) => construct(execution, constructor, Some(&output))?,
        None => output,
    };
    execution.push_step("StepExited", 0, at, &[("output", &output)]);
    Ok(match state.next {
        Some(next) => Transition::Enter(next, output),
        None => Transition::Succeed(output),
    })
}

fn enter(
    state: &mut FnfState,
    id: usize,
    index: usize,
    input: String,
    at: Instant,
) -> Result<Entered, Failure> {
    let execution = &mut state.executions[id];
    let machine = Arc::clone(&execution.machine);
    let entered = &machine.states[index];
    execution.state_index = index;
    execution.push_step("StepEntered", 0, at, &[("input", &input)]);
    if execution.events.len() > MAX_EVENTS {
        return Err(Failure::new(
            "HistoryTooLong",
            format!("The history has more than {MAX_EVENTS} events."),
        ));
    }
    execution.state_input = input;
    if let Some(constructor) = &entered.input {
        execution.state_input = construct(execution, constructor, None)?;
    }
    match &entered.kind {
        StateKind::Pass | StateKind::Succeed => Ok(Entered::Output(execution.state_input.clone())),
        StateKind::Fail { error, cause } => {
            let reason = FailureReason { error: Some(error.clone()), cause: cause.clone() };
            Err(Failure { status: ExecutionStatus::Failed, reason })
        }
        StateKind::Wait { seconds, max } => {
            let wait = seconds.seconds(&execution.scope(None, None), "Seconds", 1, *max)?;
            execution.waiting_for = WaitingFor::Timer(at + wait);
            state.timers.insert((at + wait, id));
            Ok(Entered::Waiting(Vec::new()))
        }
        StateKind::Task(task) => submit(state, id, task, at).map(Entered::Waiting),
    }
}

/// Opens a task with a new token and sends its message.
fn submit(state: &mut FnfState, id: usize, task: &CallbackTask, at: Instant) -> Result<Vec<Effect>, Failure> {
    let execution = &mut state.executions[id];
    let timeout = match &task.timeout {
        Some(timeout) => timeout.seconds(&execution.scope(None, None), "Timeout", 0, MAX_TIMEOUT)?,
        None => Duration::ZERO,
    };
    let data = [
        ("action", Value::from(task.action.as_str()).to_string()),
        ("queue", Value::from(task.queue.as_str()).to_string()),
        ("timeout", timeout.as_secs().to_string()),
    ];
    let data = data.each_ref().map(|(name, json)| (*name, json.as_str()));
    let scheduled_event = execution.push_step("TaskScheduled", 0, at, &data);
    execution.push_step("TaskStarted", scheduled_event, at, &[]);
    let text = token::for_flow(&execution.flow_name, &execution.name, scheduled_event);
    let prepared = message(execution, task, &text).and_then(|body| {
        let token = TaskToken::new(Service::Fnf, text).map_err(|error| error.to_string())?;
        Ok((token, body))
    });
    let (token, body) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => {
            let failure = Failure::expression(error);
            execution.push_failure("TaskSubmitFailed", scheduled_event, at, &failure.reason);
            return Err(failure);
        }
    };
    execution.push_step("TaskSubmitted", scheduled_event, at, &[]);
    let fingerprint = token.fingerprint().hex();
    execution.waiting_for = WaitingFor::Report { fingerprint: fingerprint.clone(), scheduled_event };
    let mut open = OpenTask::new(Service::Fnf).input(execution.state_input.clone()).token(token);
    open.timeout = Some(timeout).filter(|timeout| !timeout.is_zero());
    state.tasks.insert(fingerprint, id);
    Ok(vec![Effect::Open(Box::new(open)), Effect::Send { queue: task.queue.clone(), body }])
}

/// A message that is a JSON string is sent as its text, any other as JSON.
fn message(execution: &FlowExecution, task: &CallbackTask, token: &str) -> Result<String, String> {
    let json = task.message.render(&execution.scope(None, Some(token)))?;
    Ok(serde_json::from_str::<String>(&json).unwrap_or(json))
}

fn construct(
    execution: &FlowExecution,
    constructor: &Template,
    output: Option<&str>,
) -> Result<String, Failure> {
    let data = constructor.render(&execution.scope(output, None)).map_err(Failure::expression)?;
    check_data(&data).map(|()| data)
}

fn check_data(data: &str) -> Result<(), Failure> {
    if data.len() > MAX_DATA {
        return Err(Failure::new("DataTooLarge", format!("Input or output has more than {MAX_DATA} bytes.")));
    }
    if !is_object(data) {
        return Err(Failure::new("DataNotObject", "Input or output is not a JSON object."));
    }
    Ok(())
}

impl Template {
    /// Returns a time in seconds within its limits.
    fn seconds(&self, scope: &Scope<'_>, name: &str, min: u64, max: u64) -> Result<Duration, Failure> {
        match self.number(scope).map_err(Failure::expression)? {
            Some(seconds) if (min..=max).contains(&seconds) => Ok(Duration::from_secs(seconds)),
            _ => Err(Failure::expression(format!("{name} is not {min} to {max}"))),
        }
    }
}
