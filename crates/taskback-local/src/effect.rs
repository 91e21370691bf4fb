use serde_json::Value;

use crate::open::OpenTask;
use crate::response::Refusal;
use crate::task::TaskEnd;

/// A change beyond an engine's own state, which the lifecycle applies in the order given.
pub(crate) enum Effect {
    Open(Box<OpenTask>),
    /// Closes a task; a task that is already closed or unknown stays as it is.
    Close {
        fingerprint: String,
        end: TaskEnd,
    },
    Send {
        queue: String,
        body: String,
    },
}

/// The answer to an accepted call, and the effects of accepting it.
pub(crate) struct Success {
    /// The members of the response; `Null` is a response without a body.
    pub(crate) body: Value,
    pub(crate) effects: Vec<Effect>,
}

/// A refused call has no effects.
pub(crate) type OperationResult = Result<Success, Refusal>;

impl Success {
    pub(crate) fn new(body: Value, effects: Vec<Effect>) -> Self {
        Self { body, effects }
    }
}

impl From<Value> for Success {
    fn from(body: Value) -> Self {
        Self { body, effects: Vec::new() }
    }
}
