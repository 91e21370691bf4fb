//! The rules of durable executions, as far as their callbacks show them.

use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::json;
use tokio::time::Instant;

use super::callback::Callback;
use super::history::{self, is_execution_arn};
use super::limits::MAX_INPUT;
use super::operation::DurableOperation;
use crate::effect::Effect;
use crate::engine::{Engine, Scheduled, close_open};
use crate::error::AdminError;
use crate::open::OpenTask;
use crate::operation::Operation;
use crate::state::LocalState;
use crate::task::TaskEnd;
use crate::uuid::uuid;

pub(crate) struct DurableEngine;

impl Engine for DurableEngine {
    fn operations(&self) -> Vec<Operation> {
        DurableOperation::ALL.map(DurableOperation::spec).to_vec()
    }

    fn special_fields(&self) -> &'static [&'static str] {
        &["executionArn", "heartbeatSeconds"]
    }

    fn check(&self, task: &OpenTask) -> Result<(), AdminError> {
        if task.input.len() > MAX_INPUT {
            return Err(AdminError::invalid(format!("input: durable takes at most {MAX_INPUT} bytes")));
        }
        if task.token.as_ref().is_some_and(|id| !taskback_core::durable::is_callback_id(id.expose())) {
            return Err(AdminError::invalid("taskToken: a callback id is base64"));
        }
        if task.execution_arn.as_deref().is_some_and(|arn| !is_execution_arn(arn)) {
            let text = "executionArn: must be an ARN with /durable-execution/, of at most 1024 characters";
            return Err(AdminError::invalid(text));
        }
        Ok(())
    }

    /// An id that is base64, as the service's own. Its text has characters that a path must encode.
    fn new_token(&self) -> String {
        let id = json!({ "op": uuid(), "execution": uuid(), "???": ">>>" });
        BASE64_STANDARD.encode(id.to_string())
    }

    fn schedule(&self, state: &mut LocalState, task: &OpenTask, _: &str, now: Instant) -> Scheduled {
        let at = state.clock.epoch_seconds(now);
        let arn = task.execution_arn.clone().unwrap_or_else(|| {
            let function = "arn:aws:lambda:us-east-1:123456789012:function:taskback:1";
            format!("{function}/durable-execution/taskback/{}", uuid())
        });
        let callback = Callback { durable_execution_arn: arn, operation_id: uuid() };
        let seconds = |time: Option<Duration>| time.map_or(0, |time| time.as_secs());
        // As on AWS, the history shows the id.
        let details = json!({
            "CallbackId": task.token.as_ref().map(|id| id.expose()),
            "Timeout": seconds(task.timeout),
            "HeartbeatTimeout": seconds(task.heartbeat),
        });
        let execution = state.durable.running(&callback.durable_execution_arn, at);
        execution.push("CallbackStarted", Some(&callback.operation_id), at, details);
        Scheduled { input: task.input.clone(), callback: Some(callback), ..Scheduled::default() }
    }

    /// Stops the execution, which closes all of its callbacks without a sign before the next call.
    fn cancel(&self, state: &mut LocalState, fingerprint: &str, now: Instant) -> Vec<Effect> {
        let Some(task) = state.tasks.get_mut(fingerprint) else { return Vec::new() };
        task.view.cancel_requested = true;
        let Some(callback) = task.view.callback.clone() else { return Vec::new() };
        let (arn, at) = (callback.durable_execution_arn, state.clock.epoch_seconds(now));
        if let Some(execution) = state.durable.execution(&arn) {
            execution.is_running = false;
            execution.push("ExecutionStopped", None, at, json!({}));
        }
        close_open(&state.tasks, |view| {
            view.callback.as_ref().is_some_and(|callback| callback.durable_execution_arn == arn)
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
            && let Some(callback) = &task.view.callback
            && let Some(execution) = state.durable.execution(&callback.durable_execution_arn)
        {
            history::record_end(execution, callback, end, state.clock.epoch_seconds(at));
        }
        Vec::new()
    }
}
