//! Starts and stops flows of FnF for queue messages and direct invocations.

#[tokio::main]
async fn main() -> Result<(), taskback::Error> {
    taskback::run_flow_control().await
}
