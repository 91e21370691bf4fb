//! The shipped worker as a process, against a Runtime API on loopback and the local services.

pub(crate) mod runtime_api;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use taskback::testing::{Message, direct_event, sqs_event};
use taskback::{Service, TaskToken};
use taskback_local::{Config, Fault, FaultKind, OpenTask, Server, TaskState};

use crate::process::Process;
use crate::secrets::assert_hidden;
use crate::support::MINUTE;
use runtime_api::RuntimeApi;

const CARD: &str = "4111 1111 1111 1111";
const AWS_SESSION: &str = "an/aws+session/token==that+must/not+see";
const LOCAL_SECRET: &str = "taskback-local-secret";

/// An executable in a function's environment, with as few other variables as possible.
pub(crate) fn function(executable: &Path, runtime_api: &str, services: &str) -> Command {
    let mut command = Command::new(executable);
    command.env_clear().envs([
        ("AWS_LAMBDA_RUNTIME_API", runtime_api),
        ("AWS_LAMBDA_FUNCTION_NAME", "worker"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "taskback-local"),
        ("AWS_SECRET_ACCESS_KEY", LOCAL_SECRET),
        ("AWS_SESSION_TOKEN", AWS_SESSION),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_ENDPOINT_URL", services),
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", "taskback-local"),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", LOCAL_SECRET),
        ("FNF_ENDPOINT", services),
        ("TASKBACK_STEP", "verify-card"),
        ("RUST_LOG", "trace"),
    ]);
    command
}

pub(crate) fn worker(runtime_api: &str, services: &str) -> Command {
    function(Path::new(env!("CARGO_BIN_EXE_worker")), runtime_api, services)
}

/// The example that panics, beside the worker unless the variable names another path.
fn panics() -> PathBuf {
    let beside = || Path::new(env!("CARGO_BIN_EXE_worker")).with_file_name("examples").join("panics");
    let path = std::env::var_os("TASKBACK_PANICS").map_or_else(beside, PathBuf::from);
    assert!(path.exists(), "{} is not built: run tests/run, or cargo build --example panics", path.display());
    path
}

fn open(server: &Server, service: Service) -> TaskToken {
    server.state().open(OpenTask::new(service)).unwrap().token
}

pub(crate) fn body(token: &TaskToken, input: &Value) -> String {
    json!({"service": token.service().name(), "taskToken": token.expose(), "input": input}).to_string()
}

fn card(token: &TaskToken, number: &str) -> String {
    body(token, &json!({"cardNumber": number}))
}

#[tokio::test]
async fn trace_log_hides_tokens_secrets_inputs() {
    let server = Server::bind(Config::default()).await.unwrap();
    let mut api = RuntimeApi::start().await;
    let mut worker = Process::start(&mut worker(&api.address, &server.url()));
    let mut tokens = Vec::new();
    for service in [Service::Fnf, Service::Swf] {
        let [good, bad, throttled, unreadable, direct] = std::array::from_fn(|_| open(&server, service));
        let fault = Fault::new("*", FaultKind::LostAck).for_task(throttled.fingerprint().hex());
        server.state().inject(fault).unwrap();
        let messages = [
            Message::new("good", card(&good, CARD)),
            Message::new("bad", card(&bad, "4111 1111 1111 1112")),
            Message::new("lost", card(&throttled, CARD)),
            Message::new("unreadable", &card(&unreadable, CARD)[1..]),
        ];
        api.invoke("batch", &sqs_event(&messages), MINUTE);
        let answer = api.answer().await;
        let expected = json!({"batchItemFailures": [{"itemIdentifier": "unreadable"}]});
        assert_eq!((answer.failed, answer.body), (false, expected), "{service} {}", worker.printed());

        api.invoke("direct", &direct_event(&card(&direct, CARD)), MINUTE);
        assert_eq!(api.answer().await.body["receipt"], "recorded", "{service}");
        api.invoke("closed", &direct_event(&card(&direct, CARD)), MINUTE);
        assert_eq!(api.answer().await.body["receipt"], "recorded", "{service}: remembered");
        let foreign = format!("foreign-{service}");
        api.invoke(&foreign, &direct_event(&json!([unreadable.expose()]).to_string()), MINUTE);
        let answer = api.answer().await;
        assert!(answer.failed && answer.body["errorType"] == "UnknownEvent", "{answer:?}");

        for (token, state) in
            [(&good, TaskState::Succeeded), (&bad, TaskState::Failed), (&throttled, TaskState::Succeeded)]
        {
            assert_eq!(server.state().task(&token.fingerprint().hex()).unwrap().state, state, "{service}");
        }
        tokens.extend([good, bad, throttled, unreadable, direct]);
        // Nothing is logged after this line, so that the whole log is searched.
        worker.line(&format!("\"requestId\":\"{foreign}\"")).await;
    }
    let printed = worker.printed();
    for expected in ["taskback starts", "report.accepted", "message.nacked", "event.rejected"] {
        assert!(printed.contains(expected), "{expected} is not in the log:\n{printed}");
    }
    let secrets = [CARD, "4111 1111 1111 1112", AWS_SESSION, LOCAL_SECRET];
    assert_hidden(&printed, tokens.iter().map(TaskToken::expose).chain(secrets));
}

/// The text of the panic is not logged.
#[tokio::test]
async fn panicking_step_nacks_only_its_message() {
    let server = Server::bind(Config::default()).await.unwrap();
    let mut api = RuntimeApi::start().await;
    let mut process = Process::start(&mut function(&panics(), &api.address, &server.url()));
    let [good, panics] = std::array::from_fn(|_| open(&server, Service::Swf));
    let secret = "the-input-of-a-step-that-panics";
    let messages = [
        Message::new("panics", body(&panics, &json!({"panic": true, "secret": secret}))),
        Message::new("good", body(&good, &json!({"panic": false}))),
    ];
    // The same process handles a second batch: a panic does not end it.
    for invocation in ["first", "second"] {
        api.invoke(invocation, &sqs_event(&messages), MINUTE);
        let answer = api.answer().await;
        let expected = json!({"batchItemFailures": [{"itemIdentifier": "panics"}]});
        assert_eq!((answer.failed, answer.body), (false, expected), "{}", process.printed());
    }
    assert_eq!(server.state().task(&good.fingerprint().hex()).unwrap().state, TaskState::Succeeded);
    assert_eq!(server.state().task(&panics.fingerprint().hex()).unwrap().state, TaskState::Open);
    let line = process.line("\"message\":\"panic\"").await;
    assert!(line.contains("examples/panics.rs:"), "{line}");
    // The log is complete only after the last line of the last invocation.
    process.line("\"requestId\":\"second\"").await;
    assert_hidden(&process.printed(), [secret, "no luck with", panics.expose(), good.expose()]);
}

#[tokio::test]
async fn invalid_settings_are_all_named_at_start() {
    let server = Server::bind(Config::default()).await.unwrap();
    let mut command = worker("127.0.0.1:1", &server.url());
    command.envs([
        ("TASKBACK_SERVICE", "step-functions"),
        ("TASKBACK_CONCURRENCY", "0"),
        ("TASKBACK_MAX_RECEIVES", "many"),
        ("TASKBACK_ON_CLOSED", "never"),
        ("AWS_ENDPOINT_URL_SWF", "user:url-secret-of-a-user@localhost"),
    ]);
    let (status, printed) = Process::start(&mut command).end().await;
    assert!(!status.success(), "{status}");
    let faults = printed.lines().filter(|line| line.contains("cannot start"));
    let [fault] = faults.collect::<Vec<_>>()[..] else { panic!("{printed}") };
    for name in [
        "TASKBACK_SERVICE",
        "TASKBACK_CONCURRENCY",
        "TASKBACK_MAX_RECEIVES",
        "TASKBACK_ON_CLOSED",
        "AWS_ENDPOINT_URL_SWF",
    ] {
        assert!(fault.contains(name), "{name} is not in {fault}");
    }
    assert!(!printed.contains("panic") && !printed.contains("url-secret"), "{printed}");
}

#[tokio::test]
async fn worker_without_host_names_missing_variables() {
    let mut command = worker("", "http://127.0.0.1:9");
    let (status, printed) = Process::start(&mut command).end().await;
    assert!(!status.success(), "{status}");
    let missing = "Error: neither AWS_LAMBDA_RUNTIME_API nor FC_SERVER_PORT is set";
    assert!(printed.contains(missing) && printed.contains("taskback invoke"), "{printed}");
    assert!(!printed.contains("panic"), "{printed}");
}

#[tokio::test]
async fn function_requires_a_service() {
    let mut command = worker("127.0.0.1:1", "http://127.0.0.1:9");
    command.envs(["AWS_REGION", "AWS_DEFAULT_REGION", "FNF_REGION", "FNF_ENDPOINT"].map(|name| (name, "")));
    let (status, printed) = Process::start(&mut command).end().await;
    assert!(!status.success(), "{status}");
    assert!(printed.contains("no service to report to: set FNF_REGION"), "{printed}");
}

#[tokio::test]
async fn empty_endpoint_is_unset() {
    let server = Server::bind(Config::default()).await.unwrap();
    let mut api = RuntimeApi::start().await;
    let mut command = worker(&api.address, &server.url());
    command.envs([("AWS_ENDPOINT_URL_SWF", ""), ("AWS_ENDPOINT_URL_SQS", ""), ("TASKBACK_SERVICE", "")]);
    recorded(command, &mut api, &server).await;
    // The endpoint for all services as well.
    let mut api = RuntimeApi::start().await;
    let mut command = worker(&api.address, &server.url());
    command.envs([("AWS_ENDPOINT_URL", ""), ("AWS_ENDPOINT_URL_SWF", &server.url())]);
    recorded(command, &mut api, &server).await;
}

async fn recorded(mut command: Command, api: &mut RuntimeApi, server: &Server) {
    let worker = Process::start(&mut command);
    let token = open(server, Service::Swf);
    api.invoke("m", &direct_event(&card(&token, CARD)), MINUTE);
    let answer = api.answer().await;
    assert_eq!(answer.body["receipt"], "recorded", "{answer:?} {}", worker.printed());
}

/// Managed Instances send concurrent invocations to one process.
#[tokio::test]
async fn concurrent_invocations_are_isolated() {
    let server = Server::bind(Config::default()).await.unwrap();
    let mut api = RuntimeApi::start().await;
    let mut command = worker(&api.address, &server.url());
    command.env("AWS_LAMBDA_MAX_CONCURRENCY", "4");
    let worker = Process::start(&mut command);
    // The first has little time, and its service takes all of it; the others have enough.
    let mut expected = BTreeMap::new();
    for number in 0..8 {
        let token = open(&server, Service::Swf);
        let (delay, time) = if number == 0 { (30_000, 1) } else { (300, 30) };
        let fault = Fault::new("*", FaultKind::Delay(Duration::from_millis(delay)));
        server.state().inject(fault.times(100).for_task(token.fingerprint().hex())).unwrap();
        let good = number % 2 == 1;
        let number_of_card = if good { CARD } else { "4111 1111 1111 1112" };
        let id = format!("invocation-{number}");
        api.invoke(&id, &direct_event(&card(&token, number_of_card)), Duration::from_secs(time));
        expected.insert(id, (token.fingerprint().hex(), good));
    }
    for _ in 0..8 {
        let answer = api.answer().await;
        let (fingerprint, good) = expected.remove(&answer.id).unwrap();
        if answer.id == "invocation-0" {
            assert!(answer.failed, "{answer:?}");
            continue;
        }
        let outcome = if good { "succeeded" } else { "failed" };
        assert_eq!(answer.body["fingerprint"], fingerprint, "{answer:?} {}", worker.printed());
        assert_eq!((answer.failed, &answer.body["outcome"]), (false, &outcome.into()), "{answer:?}");
    }
    assert!((2..=4).contains(&api.most_open()), "{} at once", api.most_open());
}
