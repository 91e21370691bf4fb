//! The rules of durable executions, as far as their callbacks show them.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::json;
use tokio::time::Instant;

use super::limits::MAX_INPUT;
use super::operation::DurableOperation;
use crate::effect::Effect;
use crate::engine::{Engine, Scheduled};
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
        &["heartbeatSeconds"]
    }

    fn check(&self, task: &OpenTask) -> Result<(), AdminError> {
        if task.input.len() > MAX_INPUT {
            return Err(AdminError::invalid(format!("input: durable takes at most {MAX_INPUT} bytes")));
        }
        if task.token.as_ref().is_some_and(|id| !taskback_core::durable::is_callback_id(id.expose())) {
            return Err(AdminError::invalid("taskToken: a callback id is base64"));
        }
        Ok(())
    }

    /// An id that is base64, as the service's own. Its text has characters that a path must encode.
    fn new_token(&self) -> String {
        let id = json!({ "op": uuid(), "execution": uuid(), "???": ">>>" });
        BASE64_STANDARD.encode(id.to_string())
    }

    fn schedule(&self, _: &mut LocalState, task: &OpenTask, _: &str, _: Instant) -> Scheduled {
        Scheduled { input: task.input.clone(), activity: None, waiting_state: None }
    }

    /// A stopped execution closes its callbacks without a sign before the next call.
    fn cancel(&self, state: &mut LocalState, fingerprint: &str, _: Instant) -> Vec<Effect> {
        if let Some(task) = state.tasks.get_mut(fingerprint) {
            task.view.cancel_requested = true;
        }
        vec![Effect::Close { fingerprint: fingerprint.to_owned(), end: TaskEnd::WorkflowEnded }]
    }

    fn task_closed(&self, _: &mut LocalState, _: &str, _: &TaskEnd, _: Instant) -> Vec<Effect> {
        Vec::new()
    }
}
