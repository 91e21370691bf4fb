//! One suite that every service passes, over its real wire, against the local services.

mod outcomes;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::value::RawValue;
use serde_json::{Value, json};
use taskback::testing::direct_event;
use taskback::{Cancellation, ClosedTaskPolicy, HeartbeatStatus, Outcome, ServiceResponse, TaskToken};
use taskback::{Fnf, ReportRequest, Services, StepError, StepOutput, Task, Taskback, TaskbackBuilder};
use taskback_local::{Config, Fault, FaultKind, OpenTask, ReportedOutcome, Server, TaskState, TaskView};

use crate::route::Route;
use crate::support::{MINUTE, invoke, value};

#[tokio::test]
async fn fnf_passes_the_suite() {
    suite(Route::Fnf).await;
}

#[tokio::test]
async fn swf_passes_the_suite() {
    suite(Route::Swf).await;
}

#[tokio::test]
async fn swf_client_passes_the_suite() {
    suite(Route::SwfClient).await;
}

#[tokio::test]
async fn sfn_passes_the_suite() {
    suite(Route::Sfn).await;
}

#[tokio::test]
async fn sfn_client_passes_the_suite() {
    suite(Route::SfnClient).await;
}

#[tokio::test]
async fn durable_passes_the_suite() {
    suite(Route::Durable).await;
}

async fn suite(route: Route) {
    for (name, end, expected) in outcomes::of(route.service()) {
        let world = World::new(route).await;
        let taskback = world.builder().step(move |_: Task<Value>| std::future::ready(end())).build().unwrap();
        let answer = world.deliver(&taskback).await.unwrap();
        assert_eq!(answer["receipt"], "recorded", "{route}: {name}");
        assert_eq!(world.seen().outcome, Some(expected), "{route}: {name}");
        assert_eq!(world.seen().reports.len(), 1, "{route}: {name}");
    }
    for (fault, receipt, answers) in faults() {
        passing_fault(route, fault, receipt, &answers).await;
    }
    refusal_preserves_the_outcome(route).await;
    late_response_counts_as_lost(route).await;
    second_report_finds_task_closed(route).await;
    cancellation_uses_the_service_format(route).await;
}

/// A fault, the expected receipt, and whether the service accepted each report.
fn faults() -> Vec<(FaultKind, &'static str, Vec<bool>)> {
    vec![
        (FaultKind::Throttle, "recorded", vec![false, true]),
        (FaultKind::Error500, "recorded", vec![false, true]),
        (FaultKind::Html502, "recorded", vec![false, true]),
        (FaultKind::Cut, "recorded", vec![false, true]),
        // Our own success: the service accepted the first report and responds "closed" to the second.
        (FaultKind::LostAck, "closed", vec![true, false]),
        (FaultKind::Delay(Duration::from_millis(50)), "recorded", vec![true]),
    ]
}

async fn passing_fault(route: Route, fault: FaultKind, receipt: &str, taken: &[bool]) {
    let world = World::new(route).await;
    world.meet(fault);
    let taskback = world.builder().step(done).closed_tasks(ClosedTaskPolicy::Nack).build().unwrap();
    let answer = world.deliver(&taskback).await.unwrap();
    assert_eq!(answer["receipt"], receipt, "{route} {fault}");
    if receipt == "closed" {
        assert_eq!(answer["closedBy"], "probably-us", "{route} {fault}");
    }
    let seen = world.seen();
    let reports: Vec<bool> = seen.reports.iter().map(|report| report.accepted).collect();
    assert_eq!((seen.state, &*reports), (TaskState::Succeeded, taken), "{route} {fault}");
}

async fn refusal_preserves_the_outcome(route: Route) {
    let world = World::new(route).await;
    world.meet(FaultKind::Refuse);
    let runs = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&runs);
    let step =
        move |_: Task<Value>| std::future::ready(Ok::<_, StepError>(counted.fetch_add(1, Ordering::Relaxed)));
    let taskback = world.builder().step(step).build().unwrap();
    world.deliver(&taskback).await.unwrap_err();
    assert_eq!((world.seen().state, world.seen().reports.len()), (TaskState::Open, 1), "{route}");
    // After the policy is fixed, the decided outcome is reported without another run.
    assert_eq!(world.deliver(&taskback).await.unwrap()["receipt"], "recorded", "{route}");
    assert_eq!(
        world.seen().outcome,
        Some(ReportedOutcome::Succeeded { output: Some("0".into()) }),
        "{route}"
    );
    assert_eq!(runs.load(Ordering::Relaxed), 1, "{route}");
}

async fn late_response_counts_as_lost(route: Route) {
    let world = World::new(route).await;
    world.meet(FaultKind::Delay(Duration::from_secs(30)));
    let taskback = world.builder().step(done).build().unwrap();
    let start = Instant::now();
    let answer = value(&taskback.handle(&world.event(), Duration::from_millis(1500)).await.unwrap());
    assert!(start.elapsed() < Duration::from_secs(5), "{route} {:?}", start.elapsed());
    assert_eq!(
        (&answer["receipt"], &answer["closedBy"]),
        (&"closed".into(), &"probably-us".into()),
        "{route}"
    );
    assert_eq!(world.seen().state, TaskState::Succeeded, "{route}");
}

async fn second_report_finds_task_closed(route: Route) {
    let world = World::new(route).await;
    for (receipt, closed_by) in [("recorded", Value::Null), ("closed", "unknown".into())] {
        // Each worker has its own memory ledger.
        let taskback = world.builder().step(done).build().unwrap();
        let answer = world.deliver(&taskback).await.unwrap();
        assert_eq!((&answer["receipt"], &answer["closedBy"]), (&receipt.into(), &closed_by), "{route}");
    }
    let code = match route {
        Route::Fnf => "TaskAlreadyCompleted",
        Route::Swf | Route::SwfClient => "UnknownResourceFault",
        Route::Sfn | Route::SfnClient => "TaskTimedOut",
        Route::Durable => "CallbackTimeoutException",
    };
    assert_eq!(world.seen().reports[1].code.as_deref(), Some(code));
    // The service does not say who reported the outcome, so the settings decide.
    let taskback = world.builder().step(done).closed_tasks(ClosedTaskPolicy::Nack).build().unwrap();
    world.deliver(&taskback).await.unwrap_err();
}

/// All services get the same outcome. Only SWF has a cancellation request: see below.
async fn cancellation_uses_the_service_format(route: Route) {
    for details in ["half", ""] {
        let world = World::new(route).await;
        let services = route.services(&world.server.url());
        let reporter = services.get(route.service()).unwrap();
        let outcome = reporter.enforce_limits(Outcome::Canceled { details: details.into() });
        let deadline = tokio::time::Instant::now() + MINUTE;
        let request = ReportRequest { token: &world.token, outcome: &outcome, permit: None, deadline };
        let answer = reporter.report(request).await;
        assert!(matches!(answer, ServiceResponse::Accepted { .. }), "{route} {answer:?}");
        let details = (!details.is_empty()).then(|| details.to_owned());
        let expected = match route {
            Route::Fnf => ReportedOutcome::Failed { error: Some("Canceled".into()), cause: details },
            Route::Swf | Route::SwfClient => ReportedOutcome::Canceled { details },
            Route::Sfn | Route::SfnClient => {
                ReportedOutcome::Failed { error: Some("Canceled".into()), cause: details }
            }
            Route::Durable => {
                let message = details.map_or("Canceled".to_owned(), |details| format!("Canceled: {details}"));
                ReportedOutcome::Failed { error: Some("Canceled".into()), cause: Some(message) }
            }
        };
        assert_eq!(world.seen().outcome, Some(expected));
    }
}

#[tokio::test]
async fn heartbeat_delivers_requested_cancellation() {
    for route in Route::SWF {
        heartbeat_cancels(route).await;
    }
}

async fn heartbeat_cancels(route: Route) {
    async fn patient(task: Task<Value>) -> Result<StepOutput, StepError> {
        task.progress("half");
        let reason = task.cancelled().await;
        Ok(StepOutput::Canceled { details: format!("{reason:?}") })
    }
    let world = World::new(route).await;
    world.server.state().cancel(&world.fingerprint()).unwrap();
    let builder = world.builder().step(patient).heartbeat(Duration::from_millis(20));
    let answer = world.deliver(&builder.build().unwrap()).await.unwrap();
    assert_eq!(answer["outcome"], "canceled");
    let seen = world.seen();
    assert_eq!(seen.outcome, Some(ReportedOutcome::Canceled { details: Some("Requested".into()) }));
    assert_eq!((seen.state, seen.progress.as_deref()), (TaskState::Canceled, Some("half")));
}

/// Step Functions and durable functions request no cancellation: an aborted execution shows as a closed task.
#[tokio::test]
async fn aborted_execution_cancels_the_step_as_closed() {
    async fn patient(task: Task<Value>) -> Result<StepOutput, StepError> {
        let reason = task.cancelled().await;
        assert_eq!(reason, Cancellation::Closed);
        Ok(StepOutput::Canceled { details: String::new() })
    }
    for route in [Route::Sfn, Route::SfnClient, Route::Durable] {
        let world = World::new(route).await;
        let builder = world.builder().step(patient).heartbeat(Duration::from_millis(20));
        let taskback = builder.build().unwrap();
        let aborted = async {
            while world.seen().heartbeats == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            world.server.state().cancel(&world.fingerprint()).unwrap();
        };
        let (answer, ()) = tokio::join!(world.deliver(&taskback), aborted);
        assert_eq!(answer.unwrap()["receipt"], "closed", "{route}");
        let seen = world.seen();
        assert_eq!((seen.state, seen.outcome), (TaskState::Closed, None), "{route}");
    }
}

/// A token may not be known yet, or no more, when a heartbeat finds it so: the step goes on.
#[tokio::test]
async fn invalid_token_of_a_heartbeat_ends_no_step() {
    for route in [Route::Sfn, Route::SfnClient, Route::Durable] {
        let world = World::new(route).await;
        let services = route.services(&world.server.url());
        let reporter = services.get(route.service()).unwrap();
        let unknown = TaskToken::new(route.service(), "bWFkZSB1cA==").unwrap();
        let status = reporter.heartbeat(&unknown, "half").await;
        assert!(
            matches!(&status, HeartbeatStatus::Failed(text) if text.contains("InvalidToken")),
            "{status:?}"
        );
        assert_eq!(reporter.heartbeat(&world.token, "half").await, HeartbeatStatus::Continue, "{route}");
    }
}

/// A setting may allow more than a request can carry; such an output must not be retried forever.
#[tokio::test]
async fn unsendable_fnf_output_is_too_large() {
    let world = World::new(Route::Fnf).await;
    let url = world.server.url();
    let fnf = Fnf::local(&url).unwrap().output_bytes(1 << 20);
    // Each of these characters takes 9 bytes of a form.
    let step = async |_: Task<Value>| Ok::<_, StepError>("卡".repeat(200_000));
    let builder = Taskback::builder().services(Services::default().with(fnf));
    let answer = world.deliver(&builder.step(step).build().unwrap()).await.unwrap();
    assert_eq!((&answer["receipt"], &answer["error"]), (&"recorded".into(), &"OutputTooLarge".into()));
    assert_eq!(world.seen().state, TaskState::Failed);
}

async fn done(_: Task<Value>) -> Result<&'static str, StepError> {
    Ok("done")
}

/// One open task at a local service.
struct World {
    route: Route,
    server: Server,
    token: TaskToken,
}

impl World {
    async fn new(route: Route) -> Self {
        let server = Server::bind(Config::default()).await.unwrap();
        let token = server.state().open(OpenTask::new(route.service())).unwrap().token;
        Self { route, server, token }
    }

    fn builder(&self) -> TaskbackBuilder {
        Taskback::builder().services(self.route.services(&self.server.url()))
    }

    fn meet(&self, fault: FaultKind) {
        self.server.state().inject(Fault::new("*", fault)).unwrap();
    }

    fn event(&self) -> Box<RawValue> {
        let service = self.token.service().name();
        let body = json!({"service": service, "taskToken": self.token.expose(), "input": {}});
        direct_event(&body.to_string())
    }

    async fn deliver(&self, taskback: &Taskback) -> Result<Value, taskback::InvocationError> {
        invoke(taskback, &self.event()).await
    }

    fn fingerprint(&self) -> String {
        self.token.fingerprint().hex()
    }

    fn seen(&self) -> TaskView {
        self.server.state().task(&self.fingerprint()).unwrap()
    }
}
