//! Ends of a step: a retryable error, a cancellation, the deadline, a panic.

use std::time::Duration;

use serde_json::Value;
use taskback::testing::Fault;
use taskback::{Outcome, Service};
use taskback::{StepError, StepOutput, Task};

use super::{BOTH, done, succeeded};
use crate::support::{Rig, envelope, kept, kept_within, message, token};

#[tokio::test(start_paused = true)]
async fn retryable_error_nacks_until_last_delivery() {
    async fn unlucky(_: Task<Value>) -> Result<(), StepError> {
        Err(std::io::Error::other("no answer from https://shop/?t=m%2Bsecret%2Ftoken%3D%3D"))?
    }
    for service in BOTH {
        let rig = Rig::new();
        let taskback = rig.builder().step(unlucky).max_receives(3).build().unwrap();
        for times in [1, 2] {
            assert_eq!(kept(&taskback, &[message(service, "m").received(times)]).await, ["m"]);
        }
        assert!(kept(&taskback, &[message(service, "m").received(3)]).await.is_empty());
        let accepted = rig.of(service).accepted(&token(service, "m"));
        let [Outcome::Failed { error, cause }] = &accepted[..] else { panic!("{accepted:?}") };
        assert_eq!(error, "StepFailed");
        assert!(cause.starts_with("no answer from") && !cause.contains("secret"), "{cause}");
    }
}

#[tokio::test(start_paused = true)]
async fn requested_cancellation_ends_as_canceled() {
    async fn patient(task: Task<Value>) -> Result<StepOutput, StepError> {
        task.progress("half");
        let reason = task.cancelled().await;
        Ok(StepOutput::Canceled { details: format!("{reason:?}") })
    }
    let rig = Rig::new();
    rig.swf.request_cancellation(&token(Service::Swf, "m"));
    let taskback = rig.builder().step(patient).heartbeat(Duration::from_secs(5)).build().unwrap();
    assert!(kept(&taskback, &[message(Service::Swf, "m")]).await.is_empty());
    let expected = Outcome::Canceled { details: "Requested".into() };
    assert_eq!(rig.swf.accepted(&token(Service::Swf, "m")), [expected]);
    assert_eq!(rig.swf.heartbeats(&token(Service::Swf, "m")), ["half"]);
}

#[tokio::test(start_paused = true)]
async fn first_heartbeat_skips_closed_task() {
    async fn never(_: Task<Value>) -> Result<(), StepError> {
        panic!("the step ran")
    }
    let rig = Rig::new();
    rig.swf.close(&token(Service::Swf, "m"));
    let taskback = rig.builder().step(never).heartbeat_first(true).build().unwrap();
    assert!(kept(&taskback, &[message(Service::Swf, "m")]).await.is_empty());
    assert_eq!(rig.swf.attempts(&token(Service::Swf, "m")), 0);
}

#[tokio::test(start_paused = true)]
async fn deadline_stops_step_and_nacks_message() {
    async fn slow(_: Task<Value>) -> Result<(), StepError> {
        tokio::time::sleep(Duration::from_secs(3600)).await;
        Ok(())
    }
    for (time, limit) in [(3, 2.4), (900, 890.0)] {
        let rig = Rig::new();
        let taskback = rig.builder().step(slow).build().unwrap();
        let start = tokio::time::Instant::now();
        let messages = [message(Service::Swf, "m")];
        assert_eq!(kept_within(&taskback, &messages, Duration::from_secs(time)).await, ["m"]);
        let took = start.elapsed().as_secs_f64();
        assert!((limit..limit + 0.1).contains(&took), "{took} s of {time} s");
        // The claim was released.
        assert_eq!(kept_within(&taskback, &messages, Duration::from_secs(3)).await, ["m"]);
    }
}

#[tokio::test(start_paused = true)]
async fn hung_service_does_not_exceed_deadline() {
    let rig = Rig::new();
    rig.fnf.fail_with([Fault::Hangs; 10]);
    let taskback = rig.builder().step(done).build().unwrap();
    let start = tokio::time::Instant::now();
    let kept = kept_within(&taskback, &[message(Service::Fnf, "m")], Duration::from_secs(3)).await;
    assert_eq!(kept, ["m"]);
    assert!(start.elapsed() < Duration::from_millis(2990), "{:?}", start.elapsed());
}

/// A step that blocks its thread stops neither the deadline nor the response.
#[test]
fn blocking_step_delays_no_response() {
    async fn blocking(_: Task<Value>) -> Result<(), StepError> {
        std::thread::sleep(Duration::from_secs(2));
        Ok(())
    }
    let steps = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let closed_by = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let rig = Rig::new();
    let taskback = rig.builder().step(blocking).steps_on(steps.handle().clone());
    let start = std::time::Instant::now();
    closed_by.block_on(async {
        let taskback = taskback.build().unwrap();
        let kept = kept_within(&taskback, &[message(Service::Swf, "m")], Duration::from_secs(1)).await;
        assert_eq!(kept, ["m"]);
    });
    assert!(start.elapsed() < Duration::from_millis(1500), "{:?}", start.elapsed());
    steps.shutdown_background();
}

#[tokio::test(start_paused = true)]
async fn synchronous_panic_nacks_only_its_message() {
    let rig = Rig::new();
    let step = |task: Task<Value>| {
        assert!(task.input.is_object(), "not an object");
        async { Ok::<_, StepError>("done") }
    };
    let taskback = rig.builder().step(step).build().unwrap();
    let bad = taskback::testing::Message::new("bad", envelope(Service::Swf, "bad", "7"));
    assert_eq!(kept(&taskback, &[bad, message(Service::Swf, "good")]).await, ["bad"]);
    assert_eq!(rig.swf.accepted(&token(Service::Swf, "good")), [succeeded()]);
}
