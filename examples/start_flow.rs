//! A function whose step starts a flow of FnF and hands the task to it.
//!
//! The flow gets the task's input, which must be a JSON object. For a task of FnF the flow's execution gets the token
//! too, and FnF reports its end; for a task of SWF the step waits for that end. A redelivered message starts no second
//! execution, because the execution's name is derived from the token.

use taskback::fnf_flow::StartFlow;
use taskback::{Clients, Settings};

#[tokio::main]
async fn main() -> Result<(), taskback::Error> {
    let clients = Clients::connect(&Settings::from_env()?).await;
    let refund = StartFlow::connect(&clients, "refund").await?.prefix("orders-");
    taskback::run(refund).await
}
