//! Leases from the claim to the receipt, with a ledger whose calls fail as scripted.

mod heartbeats;
pub(crate) mod troubled;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use taskback::LedgerFailurePolicy;
use taskback::Service;
use taskback::ledger::{Claim, Ledger, Memory};
use taskback::testing::{Fault, Message};
use taskback::{BoxFuture, StepError, Task};
use tokio::time::{Instant, sleep};

use crate::ledger::{claim, claimed, output};
use crate::secrets::Log;
use crate::support::{MINUTE, Rig, envelope, kept, kept_within, message, token};
use troubled::{Trouble, Troubled};

const SWF: Service = Service::Swf;

/// A step that takes the given time.
pub(crate) fn lasting(
    time: Duration,
) -> impl Fn(Task<Value>) -> BoxFuture<'static, Result<&'static str, StepError>> + use<> {
    move |_| {
        Box::pin(async move {
            sleep(time).await;
            Ok("done")
        })
    }
}

#[tokio::test(start_paused = true)]
async fn one_hung_call_of_each_kind_is_harmless() {
    for call in ["claim", "renew", "decide", "reported"] {
        let rig = Rig::new();
        let ledger = Troubled::new(&[(call, Trouble::Hangs, 1)]);
        let taskback = rig.builder().step(lasting(Duration::from_secs(90))).ledger(ledger).build().unwrap();
        assert!(kept_within(&taskback, &[message(SWF, "m")], 10 * MINUTE).await.is_empty(), "{call}");
        assert_eq!(rig.swf.accepted(&token(SWF, "m")), [output("\"done\"")], "{call}");
    }
}

/// Renewals have the same length, and the task of a worker that died is free once its lease has ended.
#[tokio::test(start_paused = true)]
async fn configured_lease_bounds_claim_and_renewals() {
    let (rig, ledger, lease) = (Rig::new(), Arc::new(Memory::default()), Duration::from_secs(6));
    let step = lasting(Duration::from_secs(30));
    let taskback = rig.builder().lease(lease).step(step).ledger(ledger.clone()).build().unwrap();
    let key = token(SWF, "m").fingerprint();
    for lifetime in [0, 1, 20] {
        let name = format!("dies after {lifetime}");
        let (key, messages) = (token(SWF, &name).fingerprint(), [message(SWF, &name)]);
        let died = tokio::select! {
            _ = kept(&taskback, &messages) => false,
            () = sleep(Duration::from_secs(lifetime) + Duration::from_millis(1)) => true,
        };
        let found = claim(&*ledger, &key, "next").await;
        assert!(matches!(found, Ok(Claim::HeldByOther(left)) if left <= lease) && died, "{found:?}");
        sleep(lease).await;
        assert_eq!(claimed(&*ledger, &key, "next").await.epoch, 2);
    }
    assert!(kept(&taskback, &[message(SWF, "m")]).await.is_empty());
    assert!(matches!(claim(&*ledger, &key, "next").await, Ok(Claim::Reported(_))));
}

/// The decision and the renewals fail: the worker reports its outcome within its current lease.
#[tokio::test(start_paused = true)]
async fn unrecorded_outcome_is_reported_within_its_lease() {
    for trouble in [Trouble::Hangs, Trouble::Unavailable, Trouble::Refused] {
        for seconds in [0, 30, 45] {
            let rig = Rig::new();
            let ledger = Troubled::new(&[("renew", trouble, 99), ("decide", trouble, 99)]);
            let taskback = rig.builder().step(lasting(Duration::from_secs(seconds))).ledger(ledger);
            let taskback = taskback.build().unwrap();
            assert!(kept_within(&taskback, &[message(SWF, "m")], 10 * MINUTE).await.is_empty());
            assert_eq!(rig.swf.accepted(&token(SWF, "m")), [output("\"done\"")]);
        }
    }
}

/// The report hangs past the end of the lease. No attempt starts or is awaited after it, and the outcome that
/// another owner decides then is accepted.
#[tokio::test(start_paused = true)]
async fn unrecorded_outcome_is_not_reported_past_its_lease() {
    let rig = Rig::new();
    let ledger = Troubled::new(&[("renew", Trouble::Unavailable, 99), ("decide", Trouble::Unavailable, 99)]);
    let taskback = rig.builder().step(lasting(Duration::from_secs(50))).ledger(ledger.clone());
    let taskback = taskback.build().unwrap();
    rig.swf.fail_with([Fault::Hangs; 9]);
    let (key, start) = (token(SWF, "m").fingerprint(), Instant::now());
    let another = async {
        sleep(Duration::from_secs(61)).await;
        let lease = claimed(&ledger.memory, &key, "another").await;
        ledger.memory.decide(&key, &lease, &output("2")).await.unwrap();
        rig.swf.attempts(&token(SWF, "m"))
    };
    let messages = [message(SWF, "m")];
    let (kept, attempts) = tokio::join!(kept_within(&taskback, &messages, 10 * MINUTE), another);
    assert_eq!(kept, ["m"]);
    assert_eq!(rig.swf.attempts(&token(SWF, "m")), attempts, "none after the lease");
    assert!(attempts > 0 && start.elapsed() < Duration::from_secs(62), "{:?}", start.elapsed());
    assert!(rig.swf.accepted(&token(SWF, "m")).is_empty());
}

/// A handler of dead letters cannot start on the ledger of one process.
#[tokio::test(start_paused = true)]
async fn cut_off_last_delivery_is_reported() {
    for (shared, reports) in [(false, 1), (true, 0)] {
        let rig = Rig::new();
        let memory = Memory::default();
        let ledger = Arc::new(if shared { memory.shared() } else { memory });
        let taskback =
            rig.builder().step(lasting(2 * MINUTE)).ledger(ledger).max_receives(3).build().unwrap();
        for times in 1..=3 {
            let kept = kept(&taskback, &[message(SWF, "m").received(times)]).await;
            assert_eq!(kept.is_empty(), times == 3 && !shared, "shared {shared}, time {times}");
        }
        assert_eq!(rig.swf.attempts(&token(SWF, "m")), reports, "shared {shared}");
    }
}

/// Reports by another process must not block this one.
#[tokio::test(start_paused = true)]
async fn unreported_outcomes_do_not_stop_other_tasks() {
    let rig = Rig::new();
    let ledger = Arc::new(Memory::new(2));
    let taskback = rig.builder().step(lasting(Duration::ZERO)).ledger(ledger).build().unwrap();
    rig.fnf.fail_with([Fault::Denied; 3]);
    for name in ["a", "b", "c"] {
        assert_eq!(kept(&taskback, &[message(Service::Fnf, name)]).await, [name]);
    }
    assert!(kept(&taskback, &[message(SWF, "d")]).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn fail_open_requires_an_unreachable_ledger() {
    for (trouble, is_run) in [(Trouble::Refused, false), (Trouble::Unavailable, true), (Trouble::Hangs, true)]
    {
        let rig = Rig::new();
        let ledger = Troubled::new(&[("claim", trouble, 99)]);
        let taskback = rig
            .builder()
            .step(lasting(Duration::ZERO))
            .ledger(ledger)
            .ledger_failure(LedgerFailurePolicy::FailOpen);
        let kept = kept(&taskback.build().unwrap(), &[message(SWF, "m")]).await;
        assert_eq!((kept.is_empty(), rig.swf.attempts(&token(SWF, "m")) > 0), (is_run, is_run));
    }
}

#[tokio::test(start_paused = true)]
async fn conflicting_input_is_logged_per_delivery() {
    let (rig, log) = (Rig::new(), Log::default());
    let writer = log.clone();
    let _guard = tracing::subscriber::set_default(taskback::log::subscriber("info", move || writer.clone()));
    let taskback = rig.builder().step(lasting(Duration::ZERO)).build().unwrap();
    let with = |input: &str| [Message::new("m", envelope(SWF, "m", input))];
    for input in [r#"{"a":1}"#, r#"{ "a" : 1 }"#, r#"{"a":2}"#, r#"{"a":1}"#] {
        assert!(kept(&taskback, &with(input)).await.is_empty());
    }
    let text = log.text();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let found: Vec<_> = lines.iter().filter(|line| line["event"] == "task.input_differs").collect();
    assert_eq!(found.len(), 1, "{text}");
    assert_eq!(found[0]["level"], "WARN");
    assert_eq!(rig.swf.attempts(&token(SWF, "m")), 1);
}
