use serde_json::{Value, json};
use taskback::settings::Settings;
use taskback::testing::Message;
use taskback::{Router, Service, StepError, Task, Taskback, UnroutedPolicy};

use super::json as shown;
use crate::support::{MINUTE, Rig, kept_within, token};

async fn verify(task: Task<u32>) -> Result<String, StepError> {
    Ok(format!("verified {}", task.input))
}

async fn refund(task: Task<Value>) -> Result<String, StepError> {
    Ok(format!("refunded {}", task.input["total"]))
}

/// The reported outcome, or `None` if the message is nacked.
async fn reported(rig: &Rig, taskback: &Taskback, message: Value, times: u32) -> Option<String> {
    let message = Message::new("m", message.to_string()).received(times);
    let kept = kept_within(taskback, &[message], MINUTE).await;
    let accepted = rig.swf.accepted(&token(Service::Swf, "m"));
    assert_eq!(kept.is_empty(), !accepted.is_empty());
    accepted.first().map(shown)
}

fn of_activity(name: Option<&str>, input: Value) -> Value {
    let task = token(Service::Swf, "m");
    json!({"service": "swf", "taskToken": task.expose(), "input": input, "execution": {"activityType": name}})
}

#[tokio::test]
async fn activity_type_selects_the_step() {
    let router = || Router::by_activity().route("verify", verify).route("refund", refund);
    for (name, unknown, times, wanted) in [
        (Some("verify"), UnroutedPolicy::Retry, 1, Some("\"verified 7\"")),
        (Some("refund"), UnroutedPolicy::Retry, 1, Some("\"refunded null\"")),
        (Some("Verify"), UnroutedPolicy::Retry, 1, None),
        (
            Some("Verify"),
            UnroutedPolicy::Retry,
            3,
            Some("StepFailed: no step is for the activity type \"Verify\""),
        ),
        (
            Some("Verify"),
            UnroutedPolicy::Fail,
            1,
            Some("UnknownType: no step is for the activity type \"Verify\""),
        ),
        (Some(""), UnroutedPolicy::Fail, 1, Some("UnknownType: no step is for the activity type \"\"")),
        (None, UnroutedPolicy::Retry, 1, None),
        (None, UnroutedPolicy::Fail, 1, Some("UnknownType: the message names no activity type")),
    ] {
        let rig = Rig::new();
        let taskback = rig.builder().max_receives(3).step(router().unrouted(unknown)).build().unwrap();
        let outcome = reported(&rig, &taskback, of_activity(name, json!(7)), times).await;
        assert_eq!(outcome.as_deref(), wanted, "{name:?} {unknown:?} {times}");
    }
}

#[tokio::test]
async fn swf_poll_response_names_its_type() {
    let task = token(Service::Swf, "m");
    let poll = json!({
        "taskToken": task.expose(), "activityId": "1", "startedEventId": 7, "input": "7",
        "activityType": {"name": "verify", "version": "1"},
        "workflowExecution": {"workflowId": "w", "runId": "r"},
    });
    let rig = Rig::new();
    let taskback = rig.builder().step(Router::by_activity().route("verify", verify)).build().unwrap();
    assert_eq!(reported(&rig, &taskback, poll, 1).await.as_deref(), Some("\"verified 7\""));
}

/// An unknown text appears in neither log nor cause.
#[tokio::test]
async fn field_text_selects_the_step() {
    let unknown = Some("UnknownType: no step is for what the input has at /order/kind");
    for (input, wanted) in [
        (json!({"order": {"kind": "refund"}, "total": 5}), Some("\"refunded 5\"")),
        (json!({"order": {"kind": "the-secret"}}), unknown),
        (json!({"order": {"kind": 5}}), unknown),
        (json!({"order": "refund"}), unknown),
        (json!([1]), unknown),
        (json!("refund"), unknown),
    ] {
        let rig = Rig::new();
        let router = Router::by_field("/order/kind").route("refund", refund).unrouted(UnroutedPolicy::Fail);
        let taskback = rig.builder().step(router).build().unwrap();
        let outcome = reported(&rig, &taskback, of_activity(None, input.clone()), 1).await;
        assert_eq!(outcome.as_deref(), wanted, "{input}");
    }
}

#[tokio::test]
async fn settings_route_to_several_step_kinds() {
    let step = json!({
        "by": "/kind",
        "on": {"card": "verify-card", "echo": "command:cat"},
        "unknown": "fail",
    });
    let vars = [("TASKBACK_STEP".to_owned(), step.to_string())];
    let settings = Settings::from_vars(vars).unwrap();
    for (input, wanted) in [
        (json!({"kind": "echo"}), r#"{"kind":"echo"}"#),
        (json!({"kind": "card", "cardNumber": "1"}), "CardDeclined: a card number has 12 to 19 digits"),
        (json!({"kind": "x"}), "UnknownType: no step is for what the input has at /kind"),
    ] {
        let rig = Rig::new();
        let taskback = rig.builder().step_from_settings(&settings).unwrap().build().unwrap();
        assert_eq!(reported(&rig, &taskback, of_activity(None, input), 1).await.as_deref(), Some(wanted));
    }
}
