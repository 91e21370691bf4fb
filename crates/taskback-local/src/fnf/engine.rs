//! FnF's rules: executions start, stop, and continue with the report of a task or with time.

use serde::de::IgnoredAny;
use serde_json::Value;
use tokio::time::Instant;

use super::execution::{ExecutionStatus, Failure, FailureReason, FlowExecution, WaitingFor};
use super::limits::MAX_DATA;
use super::operation::FnfOperation;
use super::runner::{Transition, leave, run};
use super::state::FnfState;
use super::token;
use crate::effect::Effect;
use crate::engine::{Engine, Scheduled};
use crate::error::AdminError;
use crate::open::OpenTask;
use crate::operation::Operation;
use crate::state::LocalState;
use crate::task::{ReportedOutcome, TaskEnd};

pub(crate) struct FnfEngine;

impl Engine for FnfEngine {
    fn operations(&self) -> Vec<Operation> {
        FnfOperation::ALL.map(FnfOperation::spec).to_vec()
    }

    fn special_fields(&self) -> &'static [&'static str] {
        &[]
    }

    fn check(&self, task: &OpenTask) -> Result<(), AdminError> {
        if task.input.len() > MAX_DATA {
            return Err(AdminError::invalid(format!("input: fnf takes at most {MAX_DATA} bytes")));
        }
        Ok(())
    }

    fn new_token(&self) -> String {
        token::for_single_task()
    }

    fn schedule(&self, _: &mut LocalState, task: &OpenTask, _: &str, _: Instant) -> Scheduled {
        Scheduled { input: task.input.clone(), ..Scheduled::default() }
    }

    /// FnF has no cancellation of a single task, so the task ends at once.
    fn cancel(&self, state: &mut LocalState, fingerprint: &str, _: Instant) -> Vec<Effect> {
        if let Some(task) = state.tasks.get_mut(fingerprint) {
            task.view.cancel_requested = true;
        }
        vec![Effect::Close { fingerprint: fingerprint.to_owned(), end: TaskEnd::CanceledByTest }]
    }

    fn task_closed(
        &self,
        state: &mut LocalState,
        fingerprint: &str,
        end: &TaskEnd,
        at: Instant,
    ) -> Vec<Effect> {
        let state = &mut state.fnf;
        let Some(id) = state.tasks.remove(fingerprint) else { return Vec::new() };
        let execution = &mut state.executions[id];
        let WaitingFor::Report { scheduled_event, .. } = execution.waiting_for else { return Vec::new() };
        let result = match end.clone() {
            TaskEnd::Reported(ReportedOutcome::Succeeded { output }) => {
                let output = output.unwrap_or_default();
                let data = [("output", &*as_json(&output))];
                execution.push_step("TaskSucceeded", scheduled_event, at, &data);
                Ok(output)
            }
            TaskEnd::Reported(ReportedOutcome::Failed { error, cause }) => {
                let reason = FailureReason { error, cause };
                execution.push_failure("TaskFailed", scheduled_event, at, &reason);
                Err(Failure { status: ExecutionStatus::Failed, reason })
            }
            TaskEnd::TimedOut(_) => {
                let reason = FailureReason::new("FnF.TaskTimeout", "The task was not reported in time.");
                execution.push_failure("TaskTimedOut", scheduled_event, at, &reason);
                Err(Failure { status: ExecutionStatus::TimedOut, reason })
            }
            // A cancellation by a test stops the execution, as StopExecution does.
            TaskEnd::CanceledByTest
            | TaskEnd::WorkflowEnded
            | TaskEnd::Reported(ReportedOutcome::Canceled { .. }) => {
                execution.waiting_for = WaitingFor::Nothing;
                return stop(state, id, FailureReason::default(), at);
            }
        };
        resume(state, id, result, at)
    }

    fn next_due(&self, state: &LocalState) -> Option<Instant> {
        state.fnf.timers.first().map(|(at, _)| *at)
    }

    /// Runs the first timer, unless what it was set for is already over.
    fn run_due(&self, state: &mut LocalState) -> Vec<Effect> {
        let state = &mut state.fnf;
        let Some((at, id)) = state.timers.pop_first() else { return Vec::new() };
        let execution = &mut state.executions[id];
        if let Some((_, reason)) = execution.pending_stop.take_if(|(stop_at, _)| *stop_at <= at) {
            return stop(state, id, reason, at);
        }
        match execution.waiting_for {
            WaitingFor::Timer(end) if end <= at => {
                let output = execution.state_input.clone();
                resume(state, id, Ok(output), at)
            }
            _ => Vec::new(),
        }
    }
}

pub(super) fn start(state: &mut FnfState, mut execution: FlowExecution, now: Instant) -> Vec<Effect> {
    let input = execution.input.clone();
    execution.status = ExecutionStatus::Running;
    execution.push("ExecutionStarted", now, &[("input", &input)]);
    let (first, id) = (execution.machine.start, state.executions.len());
    if let Some(flow) = state.flows.get_mut(&execution.flow_name) {
        flow.executions.insert(execution.name.clone(), id);
    }
    state.executions.push(execution);
    run(state, id, Transition::Enter(first, input), now)
}

pub(super) fn stop(state: &mut FnfState, id: usize, reason: FailureReason, at: Instant) -> Vec<Effect> {
    let execution = &mut state.executions[id];
    let waiting_for = std::mem::replace(&mut execution.waiting_for, WaitingFor::Nothing);
    let mut effects = Vec::new();
    let callback = execution.end(ExecutionStatus::Stopped, reason, at);
    if let WaitingFor::Report { fingerprint, .. } = waiting_for {
        state.tasks.remove(&fingerprint);
        effects.push(Effect::Close { fingerprint, end: TaskEnd::WorkflowEnded });
    }
    effects.extend(callback);
    effects
}

/// Continues an execution with the result of its current state.
fn resume(state: &mut FnfState, id: usize, result: Result<String, Failure>, at: Instant) -> Vec<Effect> {
    let execution = &mut state.executions[id];
    execution.waiting_for = WaitingFor::Nothing;
    match result.and_then(|output| leave(execution, output, at)) {
        Ok(next) => run(state, id, next, at),
        Err(failure) => execution.fail(failure, at),
    }
}

/// An output as JSON: its own text, or a JSON string if it is not JSON.
fn as_json(output: &str) -> String {
    match serde_json::from_str::<IgnoredAny>(output) {
        Ok(_) => output.to_owned(),
        Err(_) => Value::from(output).to_string(),
    }
}
