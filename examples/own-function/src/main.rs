//! The worker: runs the step for each message of the queue.

#[tokio::main]
async fn main() -> Result<(), taskback::Error> {
    taskback::run(own_function::approve).await
}
