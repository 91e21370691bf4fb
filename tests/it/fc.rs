//! The shipped worker as a process, called as Function Compute calls a custom runtime.

mod aws;
mod host;
mod killed;
mod log;
mod reports;
#[cfg(feature = "mysql")]
mod shared;
mod strangers;

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use taskback_local::{Config, Fault, FaultKind, OpenTask, Server, TaskState};

use crate::secrets::assert_hidden;
use host::{Call, Host, keys};
use taskback::{Service, TaskToken};

const CARD: &str = "4111 1111 1111 1111";
const OTHER: &str = "4111 1111 1111 1112";
const SECRET: &str = "taskback-local-secret";

/// The worker in a function's environment, where the keys have expired.
fn worker(services: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_worker"));
    command.env_clear().envs([
        ("FC_FUNCTION_NAME", "worker"),
        ("FNF_ENDPOINT", services),
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", "of-the-environment"),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "environment-secret"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "taskback-local"),
        ("AWS_SECRET_ACCESS_KEY", "taskback-local-secret"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_ENDPOINT_URL", services),
        ("TASKBACK_FC_TIMEOUT", "30"),
        ("TASKBACK_STEP", "verify-card"),
        ("RUST_LOG", "trace"),
    ]);
    command
}

fn good_keys() -> String {
    keys("taskback-local", SECRET, "")
}

async fn local() -> Server {
    Server::bind(Config::default()).await.unwrap()
}

fn open(server: &Server, service: Service) -> TaskToken {
    server.state().open(OpenTask::new(service)).unwrap().token
}

fn card(token: &TaskToken, number: &str) -> String {
    let input = json!({"cardNumber": number});
    json!({"service": token.service().name(), "taskToken": token.expose(), "input": input}).to_string()
}

/// The event that the trigger of an MNS queue sends.
fn mns_queue(bodies: &[String]) -> String {
    let event = |body: &String| json!({"specversion": "1.0", "id": "e", "type": "mns:Queue:SendMessage", "data": {"messageBody": body}});
    Value::from(bodies.iter().map(event).collect::<Vec<_>>()).to_string()
}

fn state(server: &Server, token: &TaskToken) -> TaskState {
    server.state().task(&token.fingerprint().hex()).unwrap().state
}

fn call<'a>(method: &'a str, path: &'a str, id: &'a str) -> Call<'a> {
    Call { method, path, id, headers: String::new(), body: "" }
}

#[tokio::test]
async fn worker_follows_the_instance_lifecycle() {
    let server = local().await;
    let mut host = Host::start(&mut worker(&server.url())).await;
    let tokens = [Service::Fnf, Service::Swf, Service::Fnf].map(|service| open(&server, service));

    let answer = host.call(call("POST", "/initialize", "r-0")).await;
    assert_eq!((answer.status, answer.failed), (200, false));
    let answer = host.invoke("r-1", good_keys(), &card(&tokens[0], CARD)).await;
    assert_eq!((answer.status, answer.failed), (200, false), "{answer:?}");
    assert_eq!(answer.body["output"]["valid"], true, "{answer:?}");
    let batch = mns_queue(&[card(&tokens[1], CARD), card(&tokens[2], OTHER)]);
    let answer = host.invoke("r-2", good_keys(), &batch).await;
    assert_eq!((answer.status, answer.body), (200, json!({"done": 2})));
    let answer = host.call(call("GET", "/pre-stop", "r-3")).await;
    assert_eq!((answer.status, answer.failed), (200, false));

    let states = [TaskState::Succeeded, TaskState::Succeeded, TaskState::Failed];
    assert_eq!(tokens.each_ref().map(|token| state(&server, token)), states);
    host.process.line("FC PreStop End").await;
    let printed = host.process.printed();
    let first = printed.lines().next().unwrap();
    assert!(first.contains("taskback starts") && first.contains(r#""runtime":"fc""#), "{first}");
    for (name, id) in [("Initialize", "r-0"), ("Invoke", "r-1"), ("Invoke", "r-2"), ("PreStop", "r-3")] {
        let place = |edge: &str| {
            let wanted = format!("FC {name} {edge} RequestId: {id}");
            printed.lines().position(|line| line == wanted).unwrap_or_else(|| panic!("{wanted}:\n{printed}"))
        };
        assert!(place("Start") < place("End"), "{printed}");
    }
    let secrets = [SECRET, "environment-secret", CARD, OTHER];
    assert_hidden(&printed, tokens.iter().map(TaskToken::expose).chain(secrets));
}

#[tokio::test]
async fn response_keeps_output_unchanged() {
    let server = local().await;
    let path = std::env::var_os("PATH").unwrap();
    let host = Host::start(worker(&server.url()).env("TASKBACK_STEP", "command:cat").env("PATH", path)).await;
    let token = open(&server, Service::Fnf);
    let input = r#"{"b": 12345678901234567890123, "a": 1.10000000000000000001}"#;
    let event = format!(r#"{{"service":"fnf","taskToken":{},"input":{input}}}"#, json!(token.expose()));
    let answer = host.invoke("r-1", good_keys(), &event).await;
    assert_eq!((answer.status, answer.failed), (200, false), "{answer:?}");
    assert!(answer.text.contains(&format!(r#""output":{input}"#)), "{}", answer.text);
}

#[tokio::test]
async fn unusable_event_fails_by_status_and_header() {
    let server = local().await;
    let host = Host::start(&mut worker(&server.url())).await;
    let large = format!("\"{}\"", "x".repeat(32 << 20));
    let secret = "not-for-anybody";
    for (event, error) in [
        (String::new(), "UnknownEvent"),
        (format!("{secret} {{"), "UnknownEvent"),
        (format!(r#""{secret}""#), "UnknownEvent"),
        ("[]".to_owned(), "EmptyBatch"),
        (json!({"cardNumber": secret}).to_string(), "MessageNacked"),
        (mns_queue(&[secret.to_owned()]), "MessageNacked"),
        (large, "UnknownEvent"),
    ] {
        let answer = host.invoke("r", good_keys(), &event).await;
        assert_eq!((answer.status, answer.failed), (404, true), "{answer:?}");
        assert_eq!(answer.body["errorType"], error, "{answer:?}");
        assert!(
            answer.body["errorMessage"].is_string() && answer.body["stackTrace"] == json!([]),
            "{answer:?}"
        );
        assert!(!answer.body.to_string().contains(secret), "{answer:?}");
    }
    let by_http_trigger = "x-fc-control-path: /http-invoke\r\n".to_owned();
    for refused in [
        call("GET", "/invoke", "r"),
        call("POST", "/pre-stop", "r"),
        call("POST", "/", "r"),
        Call { headers: by_http_trigger, ..call("POST", "/invoke", "r") },
    ] {
        let answer = host.call(refused).await;
        assert_eq!((answer.status, answer.failed), (404, true), "{answer:?}");
        assert_eq!(answer.body["errorType"], "UnknownCall", "{answer:?}");
    }
    let (status, printed) = host.process.kill().await;
    assert!(!status.success() && !printed.contains(secret), "{printed}");
}

/// An instance whose `instanceConcurrency` is above 1. The stop waits for its invocations.
#[tokio::test]
async fn concurrent_invocations_are_isolated() {
    let server = local().await;
    let mut host = Host::start(&mut worker(&server.url())).await;
    let tokens: [TaskToken; 6] = std::array::from_fn(|_| open(&server, Service::Swf));
    for token in &tokens {
        let fault = Fault::new("*", FaultKind::Delay(Duration::from_millis(800)));
        server.state().inject(fault.for_task(token.fingerprint().hex())).unwrap();
    }
    let invoke = async |place: usize| {
        let number = if place.is_multiple_of(2) { CARD } else { OTHER };
        let event = card(&tokens[place], number);
        host.invoke(&format!("r-{place}"), String::new(), &event).await
    };
    let answers = tokio::join!(invoke(0), invoke(1), invoke(2), invoke(3), invoke(4));
    for (place, answer) in [answers.0, answers.1, answers.2, answers.3, answers.4].iter().enumerate() {
        let outcome = if place.is_multiple_of(2) { "succeeded" } else { "failed" };
        assert_eq!(answer.body["outcome"], outcome, "{answer:?}");
        assert_eq!(answer.body["fingerprint"], tokens[place].fingerprint().hex(), "{answer:?}");
    }
    host.process.line("FC Invoke End").await;
    let printed = host.process.printed();
    let until_first_end = printed.split("FC Invoke End").next().unwrap();
    assert!(until_first_end.matches("FC Invoke Start").count() > 1, "one after the other: {printed}");

    let last = card(&tokens[5], CARD);
    let caller = host.caller.clone();
    let invoked = tokio::spawn(async move { caller.invoke("last", String::new(), &last).await });
    host.process.line("FC Invoke Start RequestId: last").await;
    let stopped = host.call(call("GET", "/pre-stop", "stop")).await;
    assert_eq!((stopped.status, stopped.failed), (200, false));
    assert_eq!(invoked.await.unwrap().body["receipt"], "recorded");
    host.process.line("FC PreStop End RequestId: stop").await;
    let printed = host.process.printed();
    let place = |line: &str| printed.find(line).unwrap();
    assert!(place("FC Invoke End RequestId: last") < place("FC PreStop End RequestId: stop"), "{printed}");
}

#[tokio::test]
async fn unset_timeout_is_three_seconds_with_warning() {
    let server = local().await;
    let mut command = worker(&server.url());
    let mut host = Host::start(command.env_remove("TASKBACK_FC_TIMEOUT")).await;
    let line = host.process.line("TASKBACK_FC_TIMEOUT").await;
    assert!(line.contains("WARN") && line.contains("3 s"), "{line}");
}
