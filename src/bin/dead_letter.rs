//! Tells every task whose message reached the dead-letter queue.

#[tokio::main]
async fn main() -> Result<(), taskback::Error> {
    taskback::run_dead_letters().await
}
