//! The handler of the dead letters: reports every task whose message was delivered too often.

#[tokio::main]
async fn main() -> Result<(), taskback::Error> {
    taskback::run_dead_letters().await
}
