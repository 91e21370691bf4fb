//! One suite that every service passes, over its real wire, against the local services.

mod outcomes;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::value::RawValue;
use serde_json::{Value, json};
use taskback::core::{Answer, Outcome, Service, TaskToken};
use taskback::settings::LateTasks;
use taskback::testing::direct_event;
use taskback::{Builder, Fnf, Services, StepEnd, StepError, Task, Taskback};
use taskback_local::{Config, Fault, FaultKind, OpenTask, Outcome as Told, Server, TaskState, TaskView};

use crate::support::MINUTE;

#[tokio::test]
async fn fnf_passes_the_suite() {
    suite(Service::Fnf).await;
}

#[tokio::test]
async fn swf_passes_the_suite() {
    suite(Service::Swf).await;
}

async fn suite(service: Service) {
    for (name, end, expected) in outcomes::of(service) {
        let world = World::new(service).await;
        let taskback = world.builder().step(move |_: Task<Value>| std::future::ready(end())).build().unwrap();
        let answer = world.deliver(&taskback).await.unwrap();
        assert_eq!(answer["receipt"], "recorded", "{service}: {name}");
        assert_eq!(world.seen().outcome, Some(expected), "{service}: {name}");
        assert_eq!(world.seen().reports.len(), 1, "{service}: {name}");
    }
    for (fault, receipt, answers) in faults() {
        passing_fault(service, fault, receipt, &answers).await;
    }
    a_refusal_keeps_the_outcome(service).await;
    an_answer_that_comes_too_late_is_a_lost_one(service).await;
    a_second_report_finds_the_task_closed(service).await;
    a_cancellation_is_told_in_the_services_words(service).await;
}

/// A fault, the receipt all the same, and whether each report was taken.
fn faults() -> Vec<(FaultKind, &'static str, Vec<bool>)> {
    vec![
        (FaultKind::Throttle, "recorded", vec![false, true]),
        (FaultKind::Error500, "recorded", vec![false, true]),
        (FaultKind::Html502, "recorded", vec![false, true]),
        (FaultKind::Cut, "recorded", vec![false, true]),
        // Our own success, which the service does not tell twice.
        (FaultKind::LostAck, "closed", vec![true, false]),
        (FaultKind::Delay(Duration::from_millis(50)), "recorded", vec![true]),
    ]
}

async fn passing_fault(service: Service, fault: FaultKind, receipt: &str, taken: &[bool]) {
    let world = World::new(service).await;
    world.meet(fault);
    let taskback = world.builder().step(done).late(LateTasks::Keep).build().unwrap();
    let answer = world.deliver(&taskback).await.unwrap();
    assert_eq!(answer["receipt"], receipt, "{service} {fault}");
    if receipt == "closed" {
        assert_eq!(answer["ours"], "likely", "{service} {fault}");
    }
    let seen = world.seen();
    let reports: Vec<bool> = seen.reports.iter().map(|report| report.accepted).collect();
    assert_eq!((seen.state, &*reports), (TaskState::Succeeded, taken), "{service} {fault}");
}

async fn a_refusal_keeps_the_outcome(service: Service) {
    let world = World::new(service).await;
    world.meet(FaultKind::Refuse);
    let runs = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&runs);
    let step =
        move |_: Task<Value>| std::future::ready(Ok::<_, StepError>(counted.fetch_add(1, Ordering::Relaxed)));
    let taskback = world.builder().step(step).build().unwrap();
    world.deliver(&taskback).await.unwrap_err();
    assert_eq!((world.seen().state, world.seen().reports.len()), (TaskState::Open, 1), "{service}");
    // Once the policy is mended the outcome of then is told, without another run.
    assert_eq!(world.deliver(&taskback).await.unwrap()["receipt"], "recorded", "{service}");
    assert_eq!(world.seen().outcome, Some(Told::Succeeded { output: Some("0".into()) }), "{service}");
    assert_eq!(runs.load(Ordering::Relaxed), 1, "{service}");
}

async fn an_answer_that_comes_too_late_is_a_lost_one(service: Service) {
    let world = World::new(service).await;
    world.meet(FaultKind::Delay(Duration::from_secs(30)));
    let taskback = world.builder().step(done).build().unwrap();
    let start = Instant::now();
    let answer = taskback.handle(&world.event(), Duration::from_millis(1500)).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(5), "{service} {:?}", start.elapsed());
    assert_eq!((&answer["receipt"], &answer["ours"]), (&"closed".into(), &"likely".into()), "{service}");
    assert_eq!(world.seen().state, TaskState::Succeeded, "{service}");
}

async fn a_second_report_finds_the_task_closed(service: Service) {
    let world = World::new(service).await;
    for (receipt, ours) in [("recorded", Value::Null), ("closed", "unknown".into())] {
        // Each with a memory of its own.
        let taskback = world.builder().step(done).build().unwrap();
        let answer = world.deliver(&taskback).await.unwrap();
        assert_eq!((&answer["receipt"], &answer["ours"]), (&receipt.into(), &ours), "{service}");
    }
    let code = if service == Service::Fnf { "TaskAlreadyCompleted" } else { "UnknownResourceFault" };
    assert_eq!(world.seen().reports[1].code.as_deref(), Some(code));
    // Nobody says whose the outcome is: that is the settings' to judge.
    let taskback = world.builder().step(done).late(LateTasks::Keep).build().unwrap();
    world.deliver(&taskback).await.unwrap_err();
}

/// The same outcome for both; how it comes about is SWF's alone: see below.
async fn a_cancellation_is_told_in_the_services_words(service: Service) {
    for details in ["half", ""] {
        let world = World::new(service).await;
        let services = Services::local(&world.server.url()).unwrap();
        let reporter = services.of(service).unwrap();
        let outcome = reporter.fit(Outcome::Canceled { details: details.into() });
        let by = tokio::time::Instant::now() + MINUTE;
        let answer = reporter.report(&world.token, &outcome, None, by).await;
        assert!(matches!(answer, Answer::Accepted { .. }), "{service} {answer:?}");
        let details = (!details.is_empty()).then(|| details.to_owned());
        let expected = match service {
            Service::Fnf => Told::Failed { error: Some("Canceled".into()), cause: details },
            Service::Swf => Told::Canceled { details },
        };
        assert_eq!(world.seen().outcome, Some(expected));
    }
}

#[tokio::test]
async fn a_workflow_that_asks_for_cancellation_is_told_it_by_its_next_heartbeat() {
    async fn patient(task: Task<Value>) -> Result<StepEnd, StepError> {
        task.progress("half");
        let reason = task.cancelled().await;
        Ok(StepEnd::Canceled { details: format!("{reason:?}") })
    }
    let world = World::new(Service::Swf).await;
    world.server.state().cancel(&world.fingerprint()).unwrap();
    let builder = world.builder().step(patient).heartbeat(Duration::from_millis(20));
    let answer = world.deliver(&builder.build().unwrap()).await.unwrap();
    assert_eq!(answer["outcome"], "canceled");
    let seen = world.seen();
    assert_eq!(seen.outcome, Some(Told::Canceled { details: Some("Requested".into()) }));
    assert_eq!((seen.state, seen.progress.as_deref()), (TaskState::Canceled, Some("half")));
}

/// A setting may allow more than a request can carry: what can never be sent must not wait for ever.
#[tokio::test]
async fn an_fnf_output_that_no_request_can_carry_is_told_as_too_large() {
    let world = World::new(Service::Fnf).await;
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
    server: Server,
    token: TaskToken,
}

impl World {
    async fn new(service: Service) -> Self {
        let server = Server::bind(Config::default()).await.unwrap();
        let token = server.state().open(OpenTask::new(service)).unwrap().token;
        Self { server, token }
    }

    fn builder(&self) -> Builder {
        Taskback::builder().services(Services::local(&self.server.url()).unwrap())
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
        taskback.handle(&self.event(), MINUTE).await
    }

    fn fingerprint(&self) -> String {
        self.token.fingerprint().hex()
    }

    fn seen(&self) -> TaskView {
        self.server.state().task(&self.fingerprint()).unwrap()
    }
}
