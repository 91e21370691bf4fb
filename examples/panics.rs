//! A function whose step panics for one kind of input: the message of that task comes back, the
//! others are reported, and the log has the panic's place and not its text.

use serde_json::Value;
use taskback::{StepError, Task};

#[tokio::main]
async fn main() -> Result<(), taskback::Error> {
    taskback::run(step).await
}

async fn step(task: Task<Value>) -> Result<Value, StepError> {
    if task.input["panic"] == true {
        panic!("no luck with {} of {}", task.input, task.token().expose());
    }
    Ok(task.input)
}
