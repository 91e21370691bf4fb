//! Heartbeats until the receipt.

use std::future::pending;
use std::time::Duration;

use serde_json::Value;
use taskback::testing::{Fault, Message, ScriptedService, direct_event};
use taskback::{
    BoxFuture, ClosedByRequest, HeartbeatStatus, ReportRequest, Reporter, Services, StepError, Task,
};
use taskback::{ClosedBy, Outcome, Service, ServiceResponse, TaskToken};
use tokio::time::{Instant, sleep};

use super::troubled::{Trouble, Troubled};
use super::{SWF, lasting};
use crate::ledger::output;
use crate::secrets::Log;
use crate::support::{MINUTE, Rig, envelope, kept_within, message, token};

/// SWF counts the time since the last heartbeat, also while the worker reports.
#[tokio::test(start_paused = true)]
async fn heartbeats_continue_until_the_receipt() {
    let rig = Rig::new();
    rig.swf.fail_with([Fault::Throttled, Fault::Hangs, Fault::Throttled, Fault::Hangs]);
    let ledger = Troubled::new(&[("decide", Trouble::Hangs, 2)]);
    let taskback =
        rig.builder().step(lasting(Duration::from_millis(500))).ledger(ledger).heartbeat(3 * MINUTE);
    let task = token(SWF, "m");
    let body =
        format!(r#"{{"service":"swf","taskToken":"{}","input":{{}},"heartbeatSeconds":3}}"#, task.expose());
    let start = Instant::now();
    let message = Message::new("m", body);
    assert!(kept_within(&taskback.build().unwrap(), &[message], 10 * MINUTE).await.is_empty());
    let (beats, seconds) = (rig.swf.heartbeats(&task).len() as u64, start.elapsed().as_secs());
    assert!(seconds > 20 && beats >= seconds - seconds / 5, "{beats} heartbeats in {seconds} s");
    sleep(MINUTE).await;
    assert_eq!(rig.swf.heartbeats(&task).len() as u64, beats, "none after the receipt");
}

/// Once the step has ended, only the response to the report counts, not a heartbeat that finds the task closed
/// or a cancellation requested.
#[tokio::test(start_paused = true)]
async fn late_heartbeat_responses_change_nothing() {
    for closes in [false, true] {
        let (rig, log) = (Rig::new(), Log::default());
        let writer = log.clone();
        let subscriber = taskback::log::subscriber("info", move || writer.clone());
        let _guard = tracing::subscriber::set_default(subscriber);
        rig.swf.fail_with([Fault::LostAnswer, Fault::Throttled, Fault::Hangs, Fault::Hangs]);
        let service = rig.swf.clone();
        let step = move |task: Task<Value>| {
            if !closes {
                service.request_cancellation(task.token());
            }
            async { Ok::<_, StepError>("done") }
        };
        // The first attempt is accepted, so with `closes` every later heartbeat finds the task closed.
        let taskback = rig.builder().step(step).heartbeat(Duration::from_secs(1)).build().unwrap();
        assert!(kept_within(&taskback, &[message(SWF, "m")], 10 * MINUTE).await.is_empty());
        assert!(!rig.swf.heartbeats(&token(SWF, "m")).is_empty());
        assert_eq!(rig.swf.accepted(&token(SWF, "m")), [output("\"done\"")]);
        assert!(!log.text().contains("ERROR"), "{}", log.text());
    }
}

/// A service that never responds to heartbeats and history calls.
struct Silent(ScriptedService);

impl Reporter for Silent {
    fn service(&self) -> Service {
        self.0.service()
    }

    fn enforce_limits(&self, outcome: Outcome) -> Outcome {
        self.0.enforce_limits(outcome)
    }

    fn report<'a>(&'a self, request: ReportRequest<'a>) -> BoxFuture<'a, ServiceResponse> {
        self.0.report(request)
    }

    fn heartbeat<'a>(&'a self, _: &'a TaskToken, _: &'a str) -> BoxFuture<'a, HeartbeatStatus> {
        Box::pin(pending())
    }

    fn closed_by<'a>(&'a self, _: ClosedByRequest<'a>) -> BoxFuture<'a, Option<ClosedBy>> {
        Box::pin(pending())
    }
}

#[tokio::test(start_paused = true)]
async fn hung_heartbeats_and_history_cost_no_task() {
    let service = ScriptedService::new(SWF);
    service.fail_with([Fault::LostAnswer]);
    let builder = Rig::new().builder().services(Services::default().with(Silent(service.clone())));
    let builder = builder.heartbeat_first(true).heartbeat(Duration::from_secs(1)).ask_history(true);
    let taskback = builder.step(lasting(Duration::from_secs(1))).build().unwrap();
    let start = Instant::now();
    let event = direct_event(&envelope(SWF, "m", "{}"));
    let response = taskback.handle(&event, Duration::from_secs(8)).await.unwrap();
    let answer: Value = serde_json::from_str(response.json()).unwrap();
    assert_eq!((&answer["receipt"], &answer["closedBy"]), (&"closed".into(), &"probably-us".into()));
    assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
}
