//! Clients that cannot be had here, and hostile ones, by the contract: `tests/peers/lambda_client.py` speaks it raw.

use std::time::Duration;

use serde_json::json;
use taskback::Service;
use taskback::testing::Message;

use super::{failure, output, step};
use crate::external::json as shown;
use crate::peers::python;
use crate::support::{MINUTE, Rig, envelope, kept_within, token};

/// The client as a step, which does what its input says.
pub(super) fn client() -> taskback::HandlerStep {
    step(&words())
}

/// The client's command line.
pub(super) fn words() -> Vec<String> {
    let script = python::script("lambda_client.py");
    let words = [script.get_program()].into_iter().chain(script.get_args());
    words.map(|word| word.to_str().unwrap().to_owned()).collect()
}

fn doing(what: &str) -> String {
    json!({ "do": what }).to_string()
}

/// Node reports what nothing caught under the id of the task that runs then, and ends.
#[tokio::test]
async fn failure_before_the_end_is_retryable() {
    let (error, cause) = failure(client(), &doing("fail and end")).await;
    assert_eq!(
        (&*error, &*cause),
        ("StepFailed", "CardDeclined: no; then the handler ended with exit code 129")
    );
    assert_eq!(failure(client(), &doing("fail")).await, ("CardDeclined".into(), "no".into()));
}

#[tokio::test]
async fn failure_without_further_request_is_retryable() {
    let step = client().max_time(Duration::from_secs(5));
    let (error, cause) = failure(step, &doing("fail and hang")).await;
    assert_eq!((&*error, &*cause), ("StepFailed", "CardDeclined: no; then the handler did not go on"));
}

#[tokio::test]
async fn success_before_the_end_counts() {
    assert_eq!(output(client(), &doing("succeed and end")).await, r#""done""#);
}

#[tokio::test]
async fn ruby_frame_is_no_part_of_the_name() {
    assert_eq!(failure(client(), &doing("fail in ruby")).await.0, "Shop::CardDeclined");
}

/// Each foreign answer is refused with 400, and the right one is taken after it.
#[tokio::test]
async fn foreign_answers_are_refused() {
    let rig = Rig::new();
    let taskback = rig.builder().concurrency(1).step(client()).build().unwrap();
    let names = ["one", "two", "three"];
    let messages = names.map(|name| Message::new(name, envelope(Service::Swf, name, &doing("answer all"))));
    assert!(kept_within(&taskback, &messages, MINUTE).await.is_empty());
    for name in names {
        let outcomes: Vec<_> = rig.swf.accepted(&token(Service::Swf, name)).iter().map(shown).collect();
        let [outcome] = &outcomes[..] else { panic!("{outcomes:?}") };
        let refused: Vec<u16> = serde_json::from_str(outcome).unwrap();
        assert!(refused.len() >= 2 && refused.iter().all(|status| *status == 400), "{outcome}");
    }
}

#[tokio::test]
async fn huge_trace_header_is_accepted() {
    assert_eq!(failure(client(), &doing("fail with trace")).await, ("CardDeclined".into(), "no".into()));
}

#[tokio::test]
async fn huge_output_is_answered() {
    assert_eq!(failure(client(), &doing("succeed hugely")).await.0, "OutputTooLarge");
}

#[tokio::test]
async fn stream_that_breaks_off_is_a_failure() {
    assert_eq!(output(client(), &doing("stream")).await, r#"{"a":1}"#);
    assert_eq!(failure(client(), &doing("stream and fail")).await, ("CardDeclined".into(), "no".into()));
    // Its stack stands behind the body too.
    let large = failure(client(), &doing("stream and fail with trace")).await;
    assert_eq!(large, ("CardDeclined".into(), "no".into()));
}

/// No Runtime API is around this process.
#[tokio::test]
async fn other_calls_are_not_found() {
    assert_eq!(output(client(), &doing("other calls")).await, "[404, 404, 404]");
}

#[tokio::test]
async fn web_page_takes_no_task() {
    assert_eq!(output(client(), &doing("web page")).await, "[403, 403]");
}

#[tokio::test]
async fn connection_that_hung_up_takes_no_task() {
    let rig = Rig::new();
    let taskback = rig.builder().concurrency(1).step(client()).build().unwrap();
    let names = ["one", "two"];
    let messages = names.map(|name| Message::new(name, envelope(Service::Swf, name, &doing("hang up"))));
    assert!(kept_within(&taskback, &messages, MINUTE).await.is_empty());
    for name in names {
        let outcomes: Vec<_> = rig.swf.accepted(&token(Service::Swf, name)).iter().map(shown).collect();
        assert_eq!(outcomes, [r#""after hanging up""#]);
    }
}
