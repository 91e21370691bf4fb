//! While a step runs: what stops it, what comes again meanwhile, and what does not go on afterwards.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::Value;
use taskback::core::{Answer, Outcome, Service, TaskToken};
use taskback::ledger::{Claim, Ledger, Memory};
use taskback::settings::LateTasks;
use taskback::testing::{ScriptedService, direct_event};
use taskback::{Beat, BoxFuture, Reporter, Services, Slot, StepError, Task};
use tokio::time::{Instant, sleep};

use crate::support::{MINUTE, Rig, envelope, kept, kept_within, message, token};

const SWF: Service = Service::Swf;

async fn done(_: Task<Value>) -> Result<&'static str, StepError> {
    Ok("done")
}

/// A step of that length, and how often it began and ended.
#[derive(Clone, Default)]
struct Counted {
    began: Arc<AtomicU32>,
    ended: Arc<AtomicU32>,
}

impl Counted {
    fn step(
        &self,
        time: Duration,
    ) -> impl Fn(Task<Value>) -> BoxFuture<'static, Result<(), StepError>> + use<> {
        let counted = self.clone();
        move |_| {
            let counted = counted.clone();
            Box::pin(async move {
                counted.began.fetch_add(1, Ordering::Relaxed);
                sleep(time).await;
                counted.ended.fetch_add(1, Ordering::Relaxed);
                Ok(())
            })
        }
    }

    fn counts(&self) -> (u32, u32) {
        (self.began.load(Ordering::Relaxed), self.ended.load(Ordering::Relaxed))
    }
}

/// A function thaws with its next event: what was left running would go on then.
#[tokio::test(start_paused = true)]
async fn a_step_that_the_deadline_cut_off_does_not_go_on_after_the_answer() {
    let (rig, counted) = (Rig::new(), Counted::default());
    let taskback = rig.builder().step(counted.step(MINUTE)).build().unwrap();
    let messages = [message(SWF, "m")];
    assert_eq!(kept_within(&taskback, &messages, Duration::from_secs(3)).await, ["m"]);
    sleep(2 * MINUTE).await;
    assert_eq!(counted.counts(), (1, 0), "begun, never ended");
    assert_eq!(rig.swf.attempts(&token(SWF, "m")), 0);
}

/// As where a queue's visibility timeout is shorter than the work, over leases that are shorter too.
#[tokio::test(start_paused = true)]
async fn a_message_that_comes_again_while_its_step_runs_is_kept_and_the_step_runs_once() {
    let (rig, counted) = (Rig::new(), Counted::default());
    let ledger = Arc::new(Memory::default().shared());
    let worker = || rig.builder().step(counted.step(4 * MINUTE)).ledger(ledger.clone()).build().unwrap();
    let (first, second) = (worker(), worker());
    let messages = [message(SWF, "m")];
    let again = async {
        for times in 2..=3 {
            sleep(Duration::from_secs(100)).await;
            let came = [message(SWF, "m").received(times)];
            assert_eq!(kept(&second, &came).await, ["m"], "time {times}");
        }
    };
    let (kept, ()) = tokio::join!(kept_within(&first, &messages, 10 * MINUTE), again);
    assert!(kept.is_empty());
    assert_eq!((counted.counts(), rig.swf.attempts(&token(SWF, "m"))), ((1, 1), 1));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_heartbeats_find_closed_stays_kept_where_the_setting_says_so() {
    let rig = Rig::new();
    rig.swf.close(&token(SWF, "m"));
    let ledger = Arc::new(Memory::default().shared());
    let taskback = rig.builder().step(done).ledger(ledger).heartbeat_first(true).late(LateTasks::Keep);
    let taskback = taskback.build().unwrap();
    // The ledger knows of no outcome, so that a second delivery does not make it ours.
    for times in [1, 2] {
        assert_eq!(kept(&taskback, &[message(SWF, "m").received(times)]).await, ["m"], "time {times}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_first_heartbeat_that_hangs_ends_with_the_time_for_steps_and_leaves_no_claim() {
    let ledger = Arc::new(Memory::default().shared());
    let builder = Rig::new().builder().services(Services::default().with(Hanging(ScriptedService::new(SWF))));
    let taskback = builder.step(done).ledger(ledger.clone()).heartbeat_first(true).build().unwrap();
    let event = direct_event(&envelope(SWF, "m", "{}"));
    let error = taskback.handle(&event, Duration::from_secs(3)).await.unwrap_err();
    assert!(error.to_string().contains("the time for steps is over"), "{error}");
    let claim = ledger.claim(&token(SWF, "m").fingerprint(), "another", MINUTE).await;
    assert!(matches!(claim, Ok(Claim::Ours(_))), "{claim:?}");
}

/// A service whose heartbeats are never answered.
struct Hanging(ScriptedService);

impl Reporter for Hanging {
    fn service(&self) -> Service {
        self.0.service()
    }

    fn fit(&self, outcome: Outcome) -> Outcome {
        self.0.fit(outcome)
    }

    fn report<'a>(
        &'a self,
        token: &'a TaskToken,
        outcome: &'a Outcome,
        slot: Option<Slot>,
        by: Instant,
    ) -> BoxFuture<'a, Answer> {
        self.0.report(token, outcome, slot, by)
    }

    fn heartbeat<'a>(&'a self, _: &'a TaskToken, _: &'a str) -> BoxFuture<'a, Beat> {
        Box::pin(std::future::pending())
    }
}
