//! Running steps: what stops them, redeliveries while they run, and that none continues after the response.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::Value;
use taskback::ledger::Memory;
use taskback::{BoxFuture, StepError, Task};
use taskback::{ClosedTaskPolicy, Service};
use tokio::time::sleep;

use crate::support::{MINUTE, Rig, kept, kept_within, message, token};

const SWF: Service = Service::Swf;

async fn done(_: Task<Value>) -> Result<&'static str, StepError> {
    Ok("done")
}

/// A step of a given length that counts how often it started and ended.
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

/// A function thaws with its next event, and a step that was left running would continue then.
#[tokio::test(start_paused = true)]
async fn cut_off_step_does_not_resume() {
    let (rig, counted) = (Rig::new(), Counted::default());
    let taskback = rig.builder().step(counted.step(MINUTE)).build().unwrap();
    let messages = [message(SWF, "m")];
    assert_eq!(kept_within(&taskback, &messages, Duration::from_secs(3)).await, ["m"]);
    sleep(2 * MINUTE).await;
    assert_eq!(counted.counts(), (1, 0), "begun, never ended");
    assert_eq!(rig.swf.attempts(&token(SWF, "m")), 0);
}

/// The step runs once, although the visibility timeout and the leases are shorter than the work.
#[tokio::test(start_paused = true)]
async fn redelivery_during_step_is_nacked() {
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
async fn heartbeat_finding_closed_task_follows_policy() {
    let rig = Rig::new();
    rig.swf.close(&token(SWF, "m"));
    let ledger = Arc::new(Memory::default().shared());
    let taskback =
        rig.builder().step(done).ledger(ledger).heartbeat_first(true).closed_tasks(ClosedTaskPolicy::Nack);
    let taskback = taskback.build().unwrap();
    // The ledger has no outcome, so a second delivery does not count the task as closed by us.
    for times in [1, 2] {
        assert_eq!(kept(&taskback, &[message(SWF, "m").received(times)]).await, ["m"], "time {times}");
    }
}
