//! Step Functions' rules: a state waits in an execution, whose history records the task's end.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::json;
use tokio::time::Instant;

use super::execution::Execution;
use super::history;
use super::limits::{MAX_ARN, MAX_DATA, MAX_NAME};
use super::operation::OPERATIONS;
use super::waiting_state::WaitingState;
use crate::effect::Effect;
use crate::engine::{Engine, Scheduled, close_open};
use crate::error::AdminError;
use crate::open::OpenTask;
use crate::operation::Operation;
use crate::state::LocalState;
use crate::task::TaskEnd;
use crate::uuid::uuid;

pub(crate) struct SfnEngine;

/// The default names of the state and its state machine.
const DEFAULT_NAME: &str = "taskback";

impl Engine for SfnEngine {
    fn operations(&self) -> Vec<Operation> {
        OPERATIONS.iter().map(|operation| operation.spec).collect()
    }

    fn special_fields(&self) -> &'static [&'static str] {
        &["activityArn", "executionArn", "stateName", "heartbeatSeconds"]
    }

    fn check(&self, task: &OpenTask) -> Result<(), AdminError> {
        if task.input.len() > MAX_DATA {
            return Err(AdminError::invalid(format!("input: sfn takes at most {MAX_DATA} bytes")));
        }
        if task.heartbeat.zip(task.timeout).is_some_and(|(heartbeat, timeout)| heartbeat >= timeout) {
            return Err(AdminError::invalid("heartbeatSeconds: must be less than timeoutSeconds"));
        }
        for (field, arn, kind) in [
            ("activityArn", &task.activity_arn, ":activity:"),
            ("executionArn", &task.execution_arn, ":execution:"),
        ] {
            let is_valid = |arn: &str| arn.starts_with("arn:") && arn.contains(kind) && arn.len() <= MAX_ARN;
            if arn.as_deref().is_some_and(|arn| !is_valid(arn)) {
                let text = format!("{field}: must be an ARN with {kind}, of at most {MAX_ARN} characters");
                return Err(AdminError::invalid(text));
            }
        }
        let is_name = |name: &str| (1..=MAX_NAME).contains(&name.encode_utf16().count());
        if task.state_name.as_deref().is_some_and(|name| !is_name(name)) {
            return Err(AdminError::invalid(format!("stateName: must have 1 to {MAX_NAME} characters")));
        }
        Ok(())
    }

    /// A token that is long and Base64, like those of AWS.
    fn new_token(&self) -> String {
        let bytes: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(450).collect();
        BASE64_STANDARD.encode(bytes)
    }

    fn schedule(
        &self,
        state: &mut LocalState,
        task: &OpenTask,
        fingerprint: &str,
        now: Instant,
    ) -> Scheduled {
        // A task that is opened again must not be polled twice.
        state.sfn.unpolled.retain(|unpolled| unpolled != fingerprint);
        let at = state.clock.epoch_seconds(now);
        let arn = task.execution_arn.clone().unwrap_or_else(|| {
            format!("arn:aws:states:us-east-1:123456789012:execution:{DEFAULT_NAME}:{}", uuid())
        });
        let executions = &mut state.sfn.executions;
        let matches = |execution: &Execution| execution.is_running && execution.arn == arn;
        let index = executions.iter().position(matches).unwrap_or_else(|| {
            executions.push(Execution::start(arn.clone(), at));
            executions.len() - 1
        });
        let state_name = task.state_name.as_deref().unwrap_or(DEFAULT_NAME);
        let execution = &mut executions[index];
        let scheduled_event_id = history::record_schedule(execution, task, state_name, &task.input, at);
        if let Some(arn) = &task.activity_arn {
            state.sfn.activities.insert(arn.clone());
            state.sfn.unpolled.push_back(fingerprint.to_owned());
        }
        let waiting = WaitingState {
            execution_arn: arn,
            state_name: state_name.to_owned(),
            activity_arn: task.activity_arn.clone(),
            scheduled_event_id,
        };
        Scheduled { input: task.input.clone(), waiting_state: Some(waiting), ..Scheduled::default() }
    }

    /// Aborts the execution, which closes all of its open tasks: Step Functions has no request for a cancellation.
    fn cancel(&self, state: &mut LocalState, fingerprint: &str, now: Instant) -> Vec<Effect> {
        let task = state.tasks.get(fingerprint).and_then(|task| task.view.waiting_state.as_ref());
        let Some(arn) = task.map(|task| task.execution_arn.clone()) else { return Vec::new() };
        let at = state.clock.epoch_seconds(now);
        if let Some(execution) = state.sfn.execution(&arn) {
            execution.is_running = false;
            execution.push("ExecutionAborted", 0, at, json!({}));
        }
        close_open(&state.tasks, |view| {
            view.waiting_state.as_ref().is_some_and(|waiting| waiting.execution_arn == arn)
        })
    }

    fn task_closed(
        &self,
        state: &mut LocalState,
        fingerprint: &str,
        end: &TaskEnd,
        at: Instant,
    ) -> Vec<Effect> {
        if let Some(task) = state.tasks.get(fingerprint)
            && let Some(waiting) = &task.view.waiting_state
            && let Some(execution) = state.sfn.execution(&waiting.execution_arn)
        {
            history::record_end(execution, waiting, end, state.clock.epoch_seconds(at));
        }
        Vec::new()
    }
}
