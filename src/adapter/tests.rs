use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use taskback_core::{Service, ServiceResponse, TaskToken};

use crate::adapter::ClosedTaskPolicy;
use crate::builder::TaskbackBuilder;
use crate::future::BoxFuture;
use crate::ledger::{LedgerRecords, Memory};
use crate::metrics::Labels;
use crate::service::{HeartbeatStatus, ReportRequest, Reporter, Services};
use crate::step::{StepError, Task};
use crate::taskback::Taskback;
use crate::testing::{Fault, Message, ScriptedService, sqs_event};

const TOKEN: &str = "token-of-a-task";

fn token() -> TaskToken {
    TaskToken::new(Service::Swf, TOKEN).unwrap()
}

fn builder(service: &ScriptedService) -> TaskbackBuilder {
    let step = async |_: Task<Value>| Ok::<_, StepError>("done");
    Taskback::builder().step(step).services(Services::default().with(service.clone()))
}

/// Builds it with metrics.
fn measured(builder: TaskbackBuilder) -> Taskback {
    let taskback = builder.build().unwrap();
    taskback.metrics().turn_on_for_lines();
    taskback
}

async fn deliver(taskback: &Taskback, times: u32) -> Vec<String> {
    let body = format!(r#"{{"service":"swf","taskToken":"{TOKEN}","input":1}}"#);
    let event = sqs_event(&[Message::new("m", body).received(times)]);
    taskback.handle(&event, Duration::from_secs(60)).await.unwrap().batch_item_failures()
}

/// The numbers since the last call.
fn numbers(taskback: &Taskback) -> Value {
    let lines =
        taskback.metrics().take_lines(&Labels { function: "worker", request_id: "r", is_first: false });
    let [line] = &lines[..] else { panic!("{lines:?}") };
    serde_json::from_str(line).unwrap()
}

#[tokio::test(start_paused = true)]
async fn task_closed_by_other_is_observed_once() {
    let log = Arc::new(Mutex::new(Vec::new()));
    let writer = Writer(Arc::clone(&log));
    let _guard = tracing::subscriber::set_default(crate::log::subscriber("info", move || writer.clone()));
    let service = ScriptedService::new(Service::Swf);
    service.close(&token());
    let taskback = measured(builder(&service).closed_tasks(ClosedTaskPolicy::Nack));
    for times in 1..=3 {
        assert_eq!(deliver(&taskback, times).await, ["m"]);
    }
    let numbers = numbers(&taskback);
    assert_eq!((&numbers["TasksClosedByOther"], &numbers["NackedClosed"]), (&1.into(), &3.into()));
    let log = String::from_utf8(log.lock().unwrap().clone()).unwrap();
    assert_eq!(log.matches("\"task.closed_by_other\"").count(), 1, "{log}");
    let closed = log.lines().find(|line| line.contains("\"task.closed\"")).unwrap_or_default();
    assert!(closed.contains("\"closed_by\":\"other\""), "{log}");
}

#[tokio::test(start_paused = true)]
async fn step_that_never_started_has_no_time() {
    let service = ScriptedService::new(Service::Swf);
    service.close(&token());
    let taskback = measured(builder(&service).heartbeat_first(true));
    assert!(deliver(&taskback, 1).await.is_empty());
    let numbers = numbers(&taskback);
    assert_eq!((&numbers["StepMs"], &numbers["TasksClosedByOther"]), (&Value::Null, &1.into()));
}

#[tokio::test(start_paused = true)]
async fn first_heartbeat_is_not_step_time() {
    let service = SlowHeartbeat(ScriptedService::new(Service::Swf));
    let services = Services::default().with(service.clone());
    let taskback = measured(builder(&service.0).services(services).heartbeat_first(true));
    let start = tokio::time::Instant::now();
    assert!(deliver(&taskback, 1).await.is_empty());
    assert!(start.elapsed() >= Duration::from_secs(2));
    let numbers = numbers(&taskback);
    assert!(numbers["StepMs"][0].as_f64().unwrap() < 1000.0, "{numbers}");
}

/// An operator looks there whether the owner lives.
#[tokio::test(start_paused = true)]
async fn ledger_names_the_process_of_a_claim() {
    let ledger = Arc::new(Memory::default().shared());
    let service = ScriptedService::new(Service::Swf);
    service.fail_with([Fault::Denied]);
    let taskback = measured(builder(&service).ledger(ledger.clone()));
    assert_eq!(deliver(&taskback, 1).await, ["m"]);
    let owner = ledger.read(&token().fingerprint()).await.unwrap().unwrap().owner.unwrap();
    assert!(owner.contains(&format!(":{}#", std::process::id())), "{owner}");
}

#[derive(Clone)]
struct SlowHeartbeat(ScriptedService);

impl Reporter for SlowHeartbeat {
    fn service(&self) -> Service {
        self.0.service()
    }

    fn report<'a>(&'a self, request: ReportRequest<'a>) -> BoxFuture<'a, ServiceResponse> {
        self.0.report(request)
    }

    fn heartbeat<'a>(&'a self, token: &'a TaskToken, progress: &'a str) -> BoxFuture<'a, HeartbeatStatus> {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_secs(2)).await;
            self.0.heartbeat(token, progress).await
        })
    }
}

#[derive(Clone)]
struct Writer(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
