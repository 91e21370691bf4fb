//! The shipped worker: its step is chosen by `TASKBACK_STEP`.

#[tokio::main]
async fn main() -> Result<(), taskback::Error> {
    taskback::run(taskback::verify_card).await
}
