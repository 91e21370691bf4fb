//! A function, and below it the tests of its step: `cargo test --example test_a_step`.
//!
//! They need the feature `testing`, and tokio's `test-util` for a clock that does not wait.

use taskback::{StepError, Task};

async fn double(task: Task<u64>) -> Result<u64, StepError> {
    task.input.checked_mul(2).ok_or_else(|| StepError::terminal("TooLarge", "more than 64 bits"))
}

#[tokio::main]
async fn main() -> Result<(), taskback::Error> {
    taskback::run(double).await
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use taskback::testing::{Fault, Message, Reported, ScriptedService, sqs_event};
    use taskback::{Service, Services, TaskToken, Taskback};

    use super::double;

    /// A token as long as real ones: wherever a text of the step holds it, it is replaced.
    const TOKEN: &str = "the-token-of-the-task";

    /// The event of one message.
    fn event(input: u64) -> Box<serde_json::value::RawValue> {
        let body = format!(r#"{{"service":"swf","taskToken":"{TOKEN}","input":{input}}}"#);
        sqs_event(&[Message::new("m1", body)])
    }

    /// Handles the event, as the function would.
    async fn handle(swf: &ScriptedService, input: u64) -> String {
        let services = Services::default().with(swf.clone());
        let taskback = Taskback::builder().step(double).services(services).build().unwrap();
        let response = taskback.handle(&event(input), Duration::from_secs(30)).await.unwrap();
        response.json().to_owned()
    }

    fn token() -> TaskToken {
        TaskToken::new(Service::Swf, TOKEN).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn output_is_reported_despite_lost_answer() {
        let swf = ScriptedService::new(Service::Swf);
        swf.fail_with([Fault::Throttled, Fault::LostAnswer]);
        assert_eq!(handle(&swf, 21).await, r#"{"batchItemFailures":[]}"#);
        assert_eq!(swf.reported(&token()), [Reported::succeeded(42)]);
    }

    #[tokio::test(start_paused = true)]
    async fn too_large_number_fails_the_task() {
        let swf = ScriptedService::new(Service::Swf);
        handle(&swf, u64::MAX).await;
        assert_eq!(swf.reported(&token()), [Reported::failed("TooLarge", "more than 64 bits")]);
    }

    #[tokio::test(start_paused = true)]
    async fn refused_report_leaves_the_message() {
        let swf = ScriptedService::new(Service::Swf);
        swf.fail_with([Fault::Denied]);
        assert_eq!(handle(&swf, 21).await, r#"{"batchItemFailures":[{"itemIdentifier":"m1"}]}"#);
        assert_eq!(swf.reported(&token()), []);
    }
}
