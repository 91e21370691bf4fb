//! A function with several steps: each task goes to the step that its input names.
//!
//! `Router::by_activity()` routes by the name of the task's SWF activity type instead.

use serde::{Deserialize, Serialize};
use taskback::{Router, StepError, Task, UnroutedPolicy};

#[derive(Deserialize)]
struct Charge {
    cents: u64,
}

#[derive(Serialize)]
struct Charged {
    charged: u64,
}

async fn charge(task: Task<Charge>) -> Result<Charged, StepError> {
    Ok(Charged { charged: task.input.cents })
}

#[derive(Deserialize)]
struct Letter {
    to: String,
}

#[derive(Serialize)]
struct Sent {
    sent: String,
}

async fn send(task: Task<Letter>) -> Result<Sent, StepError> {
    Ok(Sent { sent: task.input.to })
}

#[tokio::main]
async fn main() -> Result<(), taskback::Error> {
    // The input of a task is `{"kind": "charge", "cents": 500}` or `{"kind": "send", "to": "…"}`. Without the policy the
    // messages of other kinds are redelivered, for a worker that knows their kind.
    let steps = Router::by_field("/kind").route("charge", charge).route("send", send);
    taskback::run(steps.unrouted(UnroutedPolicy::Fail)).await
}
