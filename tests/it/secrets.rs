//! The whole log of a run at TRACE is searched for secrets in every spelling.

mod cut;
mod debug;
mod search;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use serde_json::value::RawValue;
use taskback::testing::{Message, sqs_event};
use taskback::{ClosedTaskPolicy, Service, TaskToken};
use taskback::{Services, StepError, Task, Taskback};
use taskback_local::{Config, Fault, FaultKind, OpenTask, Server};

use crate::support::{MINUTE, fnf_reading};

pub(crate) use search::assert_hidden;
use search::spellings;

const SECRET: &str = "taskback-local-secret";
const OUTPUT: &str = "the-output-is-private-and-the-users";
const INPUT: &str = "the-input-is-private-and-the-users";
const BOTH: [Service; 2] = [Service::Fnf, Service::Swf];

/// The lines of a log, shared by its writers.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn token(service: Service, name: &str) -> TaskToken {
    TaskToken::new(service, format!("v1#{name}\"+secret/token%{name}==é-of-{service}")).unwrap()
}

/// A step that ends as the input says, with the token in every text that it controls.
async fn step(task: Task<serde_json::Value>) -> Result<serde_json::Value, StepError> {
    let token = task.token().expose().to_owned();
    let encoded = spellings(&token);
    match task.input["end"].as_str() {
        Some("panic") => panic!("{token} {}", task.input),
        Some("fail") => Err(StepError::terminal(format!("E {token}"), format!("{INPUT} and {token}"))),
        Some("retry plain") => Err(StepError::retryable(format!("no answer about {token}"))),
        Some("retry encoded") => {
            Err(StepError::retryable(format!("GET /?t={} and {}", encoded[1].1, encoded[2].1)))
        }
        Some("retry escaped") => Err(io::Error::other(format!("{{\"t\":\"{}\"}}", encoded[4].1)))?,
        _ => Ok(json!({"output": OUTPUT, "token": token})),
    }
}

#[tokio::test]
async fn trace_log_hides_tokens_and_payloads() {
    let log = Log::default();
    let writer = log.clone();
    let _guard = tracing::subscriber::set_default(taskback::log::subscriber("trace", move || writer.clone()));
    let tokens = run().await;
    let log = log.text();
    for expected in ["report.accepted", "report.failed", "step.failed", "message.nacked", "event.rejected"] {
        assert!(log.contains(expected), "{expected} is not in the log:\n{log}");
    }
    assert_hidden(&log, tokens.iter().map(TaskToken::expose).chain([SECRET, OUTPUT, INPUT]));
}

/// No filter lets crates print whole requests.
#[test]
fn verbose_crates_are_always_capped() {
    for filter in [
        "trace",
        "lambda_runtime=trace,aws_smithy_runtime=trace,hyper=trace,reqsign_core=trace",
        "off,hyper=trace",
    ] {
        let log = Log::default();
        let writer = log.clone();
        tracing::subscriber::with_default(taskback::log::subscriber(filter, move || writer.clone()), || {
            tracing::trace!(target: "lambda_runtime::layers", "capped");
            tracing::debug!(target: "aws_smithy_runtime::client", "capped");
            tracing::debug!(target: "aws_sdk_swf", "capped");
            tracing::trace!(target: "hyper_util::client", "capped");
            tracing::trace!(target: "hyper", "capped");
            tracing::debug!(target: "reqsign_core", "capped");
            tracing::info!(target: "hyper", "let through");
        });
        let log = log.text();
        assert!(log.contains("let through"), "{filter}: {log}");
        assert!(!log.contains("capped"), "{filter}: {log}");
    }
}

/// Runs every kind of delivery with both services. Returns the tokens.
async fn run() -> Vec<TaskToken> {
    let server = Server::bind(Config::default()).await.unwrap();
    let mut tokens = vec![token(Service::Fnf, "unreadable")];
    deliver(&server, &unreadable(&tokens[0])).await;
    for service in BOTH {
        let ends = ["succeed", "fail", "panic", "retry plain", "retry encoded", "retry escaped"];
        let faults = ["throttle", "error500", "html502", "lost-ack", "refuse", "cut", "skewed", "delay:5"];
        // One by one, since each failure slows the FnF client's limiter.
        for names in [&ends[..]].into_iter().chain(faults.chunks(1)) {
            let opened: Vec<_> = names.iter().map(|name| open(&server, service, name)).collect();
            let messages: Vec<_> =
                names.iter().zip(&opened).map(|(name, token)| message(name, token)).collect();
            deliver(&server, &messages).await;
            tokens.extend(opened);
        }
    }
    let left = server.state().tasks().into_iter().filter(|task| task.outcome.is_none());
    assert_eq!(left.count(), 0, "every task has an outcome");
    tokens
}

/// Delivers the first, the second and the last time, and then with events of other triggers.
async fn deliver(server: &Server, messages: &[Message]) {
    let services = Services::local(&server.url()).unwrap();
    let builder = Taskback::builder().step(step).services(services).message_format(fnf_reading());
    let taskback = builder.max_receives(3).closed_tasks(ClosedTaskPolicy::Nack).build().unwrap();
    for times in [1, 2, 3] {
        let again: Vec<_> = messages.iter().map(|message| message.clone().received(times)).collect();
        taskback.handle(&sqs_event(&again), Duration::from_secs(3)).await.unwrap();
    }
    let text = token(Service::Fnf, "unreadable").expose().to_owned();
    for event in [
        json!({"service": "fnf", "taskToken": text, "input": {}}),
        json!({"taskToken": text, "task_token": text}),
        json!({"Records": [{"eventSource": text, "body": text}]}),
        json!([text]),
    ] {
        let event = RawValue::from_string(event.to_string()).unwrap();
        let error = taskback.handle(&event, MINUTE).await.unwrap_err();
        assert_hidden(&format!("{error}\n{error:?}\n\n\n"), [&*text]);
    }
}

fn open(server: &Server, service: Service, name: &str) -> TaskToken {
    let token = token(service, name);
    server.state().open(OpenTask::new(service).token(token.clone())).unwrap();
    if let Ok(kind) = name.parse::<FaultKind>() {
        server.state().inject(Fault::new("*", kind)).unwrap();
    }
    token
}

fn message(name: &str, token: &TaskToken) -> Message {
    let input = json!({"end": name, "text": INPUT});
    let body = json!({"service": token.service().name(), "taskToken": token.expose(), "input": input});
    Message::new(name, body.to_string())
}

/// Bodies with a token that are not a task.
fn unreadable(token: &TaskToken) -> Vec<Message> {
    let text = json!(token.expose());
    let bodies = [
        format!(r#"{{"taskToken":{text},"input":"#),
        format!(r#"{{"taskToken":{text},"task_token":{text}}}"#),
        format!(r#"{{"taskToken":{{"in":{text}}}}}"#),
        json!({"service": "swf", "taskToken": token.expose().repeat(50), "input": 1}).to_string(),
        json!({"service": token.expose(), "input": 1}).to_string(),
        format!("{{{text}:{text}}}"),
        text.to_string(),
        format!("{{\"taskToken\":{text},\"input\":{}1{}}}", "[".repeat(500), "]".repeat(500)),
    ];
    bodies
        .into_iter()
        .enumerate()
        .map(|(number, body)| Message::new(format!("unreadable {number}"), body))
        .collect()
}
