//! Many deliveries at once.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use taskback::testing::{Fault, Message, sqs_event};
use taskback::{InvocationError, Outcome, Service, StepError, Task};

use crate::support::{Rig, envelope, invoke, kept, kept_within, message, token};

async fn echo(task: Task<Value>) -> Result<Value, StepError> {
    match task.input.as_str() {
        Some("panic") => panic!("the input is secret"),
        Some("retry") => Err(StepError::retryable("not yet")),
        Some("slow") => {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            Ok(task.input)
        }
        _ => Ok(task.input),
    }
}

fn with(name: &str, input: &str) -> Message {
    Message::new(name, envelope(Service::Swf, name, &format!("{input:?}")))
}

/// A panic, an unreadable body, a retryable error or a slow step.
#[tokio::test(start_paused = true)]
async fn bad_message_is_nacked_alone() {
    let rig = Rig::new();
    let taskback = rig.builder().step(echo).build().unwrap();
    let messages = [
        with("good", "x"),
        with("panics", "panic"),
        Message::new("unreadable", "no json"),
        with("retries", "retry"),
        with("slow", "slow"),
        with("last", "x"),
    ];
    assert_eq!(kept(&taskback, &messages).await, ["panics", "unreadable", "retries", "slow"]);
    for name in ["good", "last"] {
        assert_eq!(rig.swf.accepted(&token(Service::Swf, name)).len(), 1, "{name}");
    }
    for name in ["panics", "retries", "slow"] {
        assert_eq!(rig.swf.attempts(&token(Service::Swf, name)), 0, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn panic_on_last_delivery_is_reported() {
    let rig = Rig::new();
    let taskback = rig.builder().step(echo).max_receives(2).build().unwrap();
    assert!(kept(&taskback, &[with("m", "panic").received(2)]).await.is_empty());
    let expected = Outcome::failed("StepPanicked", "the step panicked");
    assert_eq!(rig.swf.accepted(&token(Service::Swf, "m")), [expected]);
}

#[tokio::test(start_paused = true)]
async fn fifo_group_stops_at_first_nack() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&order);
    let step = move |task: Task<String>| {
        seen.lock().unwrap().push(task.input.clone());
        async move { if task.input == "retry" { Err(StepError::retryable("not yet")) } else { Ok(()) } }
    };
    let rig = Rig::new();
    let taskback = rig.builder().step(step).build().unwrap();
    let messages = [
        with("a1", "a1").group("a"),
        with("b1", "b1").group("b"),
        with("a2", "retry").group("a"),
        with("b2", "b2").group("b"),
        with("a3", "a3").group("a"),
    ];
    assert_eq!(kept(&taskback, &messages).await, ["a2", "a3"]);
    let order = order.lock().unwrap();
    let of = |name: &str| order.iter().position(|seen| seen == name);
    assert!(of("a1") < of("retry") && of("b1") < of("b2") && of("a3").is_none(), "{order:?}");
}

/// All its messages get the same settlement.
#[tokio::test(start_paused = true)]
async fn repeated_token_runs_once() {
    let rig = Rig::new();
    let runs = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&runs);
    let step = move |_: Task<Value>| {
        *counted.lock().unwrap() += 1;
        async { Ok::<_, StepError>(()) }
    };
    let taskback = rig.builder().step(step).build().unwrap();
    let body = envelope(Service::Fnf, "m", "{}");
    let twice = [Message::new("one", &*body), Message::new("two", &*body)];
    rig.fnf.fail_with([Fault::Denied]);
    assert_eq!(kept(&taskback, &twice).await, ["one", "two"]);
    assert!(kept(&taskback, &twice).await.is_empty());
    assert_eq!((*runs.lock().unwrap(), rig.fnf.accepted(&token(Service::Fnf, "m")).len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn concurrency_limits_running_steps() {
    let running = Arc::new(Mutex::new((0, 0)));
    let counted = Arc::clone(&running);
    let step = move |_: Task<Value>| {
        let counted = Arc::clone(&counted);
        async move {
            {
                let mut now = counted.lock().unwrap();
                now.0 += 1;
                now.1 = now.1.max(now.0);
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            counted.lock().unwrap().0 -= 1;
            Ok::<_, StepError>(())
        }
    };
    let rig = Rig::new();
    let taskback = rig.builder().step(step).concurrency(3).build().unwrap();
    let messages: Vec<_> = (0..10).map(|n| message(Service::Swf, &n.to_string())).collect();
    assert!(kept(&taskback, &messages).await.is_empty());
    assert_eq!(running.lock().unwrap().1, 3);
}

#[tokio::test(start_paused = true)]
async fn deadline_nacks_only_unreported_messages() {
    let rig = Rig::new();
    let taskback = rig.builder().step(echo).concurrency(2).build().unwrap();
    let messages = [with("quick", "x"), with("s1", "slow"), with("s2", "slow"), with("unstarted", "x")];
    assert_eq!(kept_within(&taskback, &messages, Duration::from_secs(3)).await, ["s1", "s2", "unstarted"]);
}

#[tokio::test(start_paused = true)]
async fn nack_without_id_fails_invocation() {
    let rig = Rig::new();
    let taskback = rig.builder().step(echo).build().unwrap();
    let messages = [with("good", "x"), Message::new("", "no json")];
    let error = invoke(&taskback, &sqs_event(&messages)).await.unwrap_err();
    assert_eq!(error, InvocationError::UnusableMessageId);
    // A missing id does not matter once the task is reported.
    let messages = [with("good", "x"), Message::new("", envelope(Service::Swf, "other", "1"))];
    assert!(kept(&taskback, &messages).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn repeated_id_is_nacked_with_any_record() {
    let rig = Rig::new();
    let taskback = rig.builder().step(echo).build().unwrap();
    let messages = [
        Message::new("same", envelope(Service::Swf, "a", "1")),
        Message::new("same", "no json"),
        Message::new("same", "no json either"),
    ];
    assert_eq!(kept(&taskback, &messages).await, ["same"]);
}

#[tokio::test(start_paused = true)]
async fn message_without_id_is_deduplicated_by_token() {
    let rig = Rig::new();
    let runs = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&runs);
    let step = move |_: Task<Value>| {
        *counted.lock().unwrap() += 1;
        async { Ok::<_, StepError>(()) }
    };
    let taskback = rig.builder().step(step).build().unwrap();
    for _ in 0..2 {
        let nameless = Message::new("", envelope(Service::Swf, "m", "{}"));
        assert!(kept(&taskback, &[nameless]).await.is_empty());
    }
    assert_eq!((*runs.lock().unwrap(), rig.swf.attempts(&token(Service::Swf, "m"))), (1, 1));
}

/// Only the unreadable message is nacked.
#[tokio::test(start_paused = true)]
async fn last_deliveries_report_every_readable_task() {
    let rig = Rig::new();
    let taskback = rig.builder().step(echo).max_receives(1).build().unwrap();
    let messages = [
        with("good", "x"),
        with("retries", "retry"),
        with("panics", "panic"),
        Message::new("bad", "no json"),
    ];
    assert_eq!(kept(&taskback, &messages).await, ["bad"]);
    for (name, error) in [("retries", "StepFailed"), ("panics", "StepPanicked")] {
        let accepted = rig.swf.accepted(&token(Service::Swf, name));
        assert!(matches!(&accepted[..], [Outcome::Failed { error: e, .. }] if e == error), "{accepted:?}");
    }
    assert_eq!(rig.swf.accepted(&token(Service::Swf, "good")).len(), 1);
}
