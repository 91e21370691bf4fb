//! A service that hangs, responds at once to a waiting call, or returns endless pages: no single call fails
//! the step, and memory and the number of calls are bounded.

use std::io;
use std::sync::{Arc, Mutex};

use taskback::fnf_flow::StartFlow;
use taskback::testing::ScriptedService;
use taskback::{Outcome, Service};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::support::{Rig, kept_within, message, token};
use crate::wire::server::read;

type Answers = dyn Fn(&str, usize) -> Option<String> + Send + Sync;

/// A service that responds by operation and number of earlier calls; `None`: it never responds.
struct Scripted {
    url: String,
    calls: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    async fn start(answers: impl Fn(&str, usize) -> Option<String> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (calls, answers): (Arc<Mutex<Vec<String>>>, Arc<Answers>) = (Arc::default(), Arc::new(answers));
        let counted = Arc::clone(&calls);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // The client may disconnect at any time.
                tokio::spawn(answer(stream, Arc::clone(&calls), Arc::clone(&answers)));
            }
        });
        Self { url, calls: counted }
    }

    fn count(&self, operation: &str) -> usize {
        self.calls.lock().unwrap().iter().filter(|call| *call == operation).count()
    }

    /// Delegates an SWF task to a flow of the service. Returns whether the message is redelivered.
    async fn delegate(&self, swf: &Rig, time: Duration) -> bool {
        let step = StartFlow::new(client(&self.url), "f");
        let taskback = swf.builder().step(step).build().unwrap();
        !kept_within(&taskback, &[message(Service::Swf, "m")], time).await.is_empty()
    }
}

async fn answer(
    mut stream: TcpStream,
    calls: Arc<Mutex<Vec<String>>>,
    answers: Arc<Answers>,
) -> io::Result<()> {
    while let Some(request) = read(&mut stream).await? {
        let action = request.line.split(['?', '&']).find_map(|part| part.strip_prefix("Action="));
        let action = action.unwrap().to_owned();
        let before = calls.lock().unwrap().iter().filter(|call| **call == action).count();
        let body = answers(&action, before);
        calls.lock().unwrap().push(action);
        let Some(body) = body else { return std::future::pending().await };
        let head = format!("HTTP/1.1 200 X\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all(format!("{head}{body}").as_bytes()).await?;
    }
    Ok(())
}

fn execution(status: &str) -> Option<String> {
    Some(json!({"RequestId": "R", "Name": "n", "Status": status, "Output": r#"{"n":1}"#}).to_string())
}

fn page(events: Value, next: Option<&str>) -> Option<String> {
    Some(json!({"RequestId": "R", "Events": events, "NextToken": next.unwrap_or_default()}).to_string())
}

fn failed_event(error: &str) -> Value {
    json!({"Type": "ExecutionFailed", "EventId": 9, "EventDetail": json!({"Error": error, "Cause": "c"}).to_string()})
}

fn outcomes(swf: &ScriptedService) -> Vec<Outcome> {
    swf.accepted(&token(Service::Swf, "m"))
}

#[tokio::test(start_paused = true)]
async fn hung_describe_call_is_retried() {
    for seconds in [6, 30, 300] {
        let service = Scripted::start(|operation, before| match (operation, before) {
            ("DescribeExecution", 0) => None,
            ("DescribeExecution", _) => execution("Succeeded"),
            _ => execution("Running"),
        })
        .await;
        let rig = Rig::new();
        assert!(!service.delegate(&rig, Duration::from_secs(seconds)).await, "{seconds} s");
        assert!(matches!(outcomes(&rig.swf)[..], [Outcome::Succeeded(_)]), "{seconds} s");
    }
}

#[tokio::test(start_paused = true)]
async fn hung_start_call_is_retried() {
    let service = Scripted::start(|operation, before| match (operation, before) {
        ("StartExecution", 0) => None,
        ("StartExecution", _) => execution("Running"),
        _ => execution("Succeeded"),
    })
    .await;
    let rig = Rig::new();
    assert!(!service.delegate(&rig, Duration::from_secs(12)).await);
    assert_eq!(outcomes(&rig.swf).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn hung_history_page_is_retried() {
    let service = Scripted::start(|operation, before| match (operation, before) {
        ("GetExecutionHistory", 0) => None,
        ("GetExecutionHistory", _) => page(json!([failed_event("Declined")]), None),
        ("DescribeExecution", _) => execution("Failed"),
        _ => execution("Running"),
    })
    .await;
    let rig = Rig::new();
    assert!(!service.delegate(&rig, Duration::from_secs(12)).await);
    assert_eq!(outcomes(&rig.swf), [Outcome::failed("Declined", "c")]);
}

/// The service responds to a waiting call at once.
#[tokio::test(start_paused = true)]
async fn unheld_describe_calls_are_paced() {
    let service = Scripted::start(|_, _| execution("Running")).await;
    assert!(service.delegate(&Rig::new(), Duration::from_secs(12)).await);
    let asked = service.count("DescribeExecution");
    assert!((2..=8).contains(&asked), "{asked} questions in 10 s");
    assert!(service.delegate(&Rig::new(), Duration::from_secs(300)).await);
    let asked = service.count("DescribeExecution") - asked;
    assert!((20..=80).contains(&asked), "{asked} questions in 290 s");
}

/// Its pages repeat, or there are more than 100.
#[tokio::test(start_paused = true)]
async fn endless_history_is_an_error() {
    for (circle, most) in [(3, 4), (usize::MAX, 100)] {
        let service = Scripted::start(move |operation, before| match operation {
            "GetExecutionHistory" => {
                page(json!([failed_event("Declined")]), Some(&format!("page {}", before % circle)))
            }
            "DescribeExecution" => execution("Failed"),
            _ => execution("Running"),
        })
        .await;
        let rig = Rig::new();
        assert!(service.delegate(&rig, Duration::from_secs(300)).await);
        assert_eq!(service.count("GetExecutionHistory"), most);
        assert_eq!(outcomes(&rig.swf), [], "no guess is reported");
        let error = FlowControl::new(client(&service.url))
            .history("f", "e", tokio::time::Instant::now() + MINUTE)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), aliyun_fnf::ErrorKind::Unexpected);
    }
}

#[tokio::test(start_paused = true)]
async fn last_failure_event_gives_the_reason() {
    let service = Scripted::start(|operation, before| match (operation, before) {
        ("GetExecutionHistory", 0) => page(json!([failed_event("First"), {"Type": "StepExited"}]), Some("a")),
        ("GetExecutionHistory", 1) => page(json!([failed_event("Second"), failed_event("Last")]), Some("b")),
        ("GetExecutionHistory", _) => page(json!([{"Type": "StepExited"}]), None),
        ("DescribeExecution", _) => execution("Failed"),
        _ => execution("Running"),
    })
    .await;
    let rig = Rig::new();
    assert!(!service.delegate(&rig, MINUTE).await);
    assert_eq!(outcomes(&rig.swf), [Outcome::failed("Last", "c")]);
}

#[tokio::test(start_paused = true)]
async fn error_is_read_beside_deep_json() {
    let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
    let detail = format!(
        r#"{{"Input":{deep},"Big":1e400,"Error":"Declined","Cause":"over 12345678901234567890123"}}"#
    );
    let event = json!([{"Type": "ExecutionFailed", "EventDetail": detail}]);
    let service = Scripted::start(move |operation, _| match operation {
        "GetExecutionHistory" => page(event.clone(), None),
        "DescribeExecution" => execution("Failed"),
        _ => execution("Running"),
    })
    .await;
    let rig = Rig::new();
    assert!(!service.delegate(&rig, MINUTE).await);
    assert_eq!(outcomes(&rig.swf), [Outcome::failed("Declined", "over 12345678901234567890123")]);
}
