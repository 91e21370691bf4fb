//! The step of the function, which its tests run without a host.

use serde::{Deserialize, Serialize};
use taskback::{StepError, Task};

/// The input of the task.
#[derive(Deserialize)]
pub struct Order {
    total: u64,
}

/// The output of the task.
#[derive(Serialize)]
pub struct Approved {
    total: u64,
}

/// Approves orders up to 1000.
pub async fn approve(task: Task<Order>) -> Result<Approved, StepError> {
    if task.input.total > 1_000 {
        return Err(StepError::terminal("TooExpensive", "more than 1000"));
    }
    Ok(Approved { total: task.input.total })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use taskback::ledger::Memory;
    use taskback::testing::{Message, Reported, ScriptedService, sqs_event};
    use taskback::{Service, Services, TaskToken, Taskback, TaskbackBuilder};

    use super::approve;

    const TOKEN: &str = "the-token-of-the-task";

    /// Delivers one message with that input, and returns the accepted outcomes.
    async fn outcomes(handler: TaskbackBuilder, input: &str) -> Vec<Reported> {
        let swf = ScriptedService::new(Service::Swf);
        let body = format!(r#"{{"service":"swf","taskToken":"{TOKEN}","input":{input}}}"#);
        let event = sqs_event(&[Message::new("m1", body)]);
        let handler = handler.services(Services::default().with(swf.clone())).build().unwrap();
        handler.handle(&event, Duration::from_secs(30)).await.unwrap();
        swf.reported(&TaskToken::new(Service::Swf, TOKEN).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn expensive_order_fails() {
        let worker = Taskback::builder().step(approve);
        let failure = Reported::failed("TooExpensive", "more than 1000");
        assert_eq!(outcomes(worker, r#"{"total":1001}"#).await, [failure]);
    }

    #[tokio::test(start_paused = true)]
    async fn dead_letter_is_reported() {
        let handler = Taskback::builder().ledger(Arc::new(Memory::default().shared())).dead_letters();
        let outcomes = outcomes(handler, r#"{"total":99}"#).await;
        assert!(matches!(&outcomes[..], [Reported::Failed { error, .. }] if error == "DeadLettered"));
    }
}
