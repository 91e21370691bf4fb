//! The shipped worker as a process, with steps that are not written in Rust.

use std::path::Path;

use serde_json::{Value, json};
use taskback::testing::{Message, direct_event, sqs_event};
use taskback::{Service, TaskToken};
use taskback_local::{Config, OpenTask, ReportedOutcome, Server, TaskState};

use crate::lambda::function;
use crate::lambda::runtime_api::RuntimeApi;
use crate::process::Process;
use crate::secrets::assert_hidden;
use crate::support::MINUTE;
use crate::wire::server::{self, Reply};

const IDS: [&str; 3] = ["first", "second", "third"];

struct Worker {
    services: Server,
    api: RuntimeApi,
    process: Process,
}

impl Worker {
    async fn start(step: &str) -> Self {
        Self::start_with(step, []).await
    }

    async fn start_with<const N: usize>(step: &str, vars: [(&str, &str); N]) -> Self {
        let services = Server::bind(Config::default()).await.unwrap();
        let api = RuntimeApi::start().await;
        let mut command = function(Path::new(env!("CARGO_BIN_EXE_worker")), &api.address, &services.url());
        let path = std::env::var_os("PATH").unwrap();
        let process = Process::start(command.env("TASKBACK_STEP", step).env("PATH", path).envs(vars));
        Self { services, api, process }
    }

    fn open(&self, service: Service) -> TaskToken {
        self.services.state().open(OpenTask::new(service)).unwrap().token
    }

    /// The ids of the nacked messages.
    async fn batch(&mut self, messages: &[Message]) -> Value {
        self.api.invoke("batch", &sqs_event(messages), MINUTE);
        let answer = self.api.answer().await;
        assert!(!answer.failed, "{answer:?} {}", self.process.printed());
        let failures = answer.body["batchItemFailures"].as_array().unwrap();
        failures.iter().map(|failure| failure["itemIdentifier"].clone()).collect()
    }

    fn outcome(&self, token: &TaskToken) -> Option<ReportedOutcome> {
        self.services.state().task(&token.fingerprint().hex()).unwrap().outcome
    }
}

fn message(id: &str, token: &TaskToken, input: &Value) -> Message {
    let body = json!({"service": token.service().name(), "taskToken": token.expose(), "input": input});
    Message::new(id, body.to_string())
}

/// The token reaches neither the command nor the log.
#[tokio::test]
async fn worker_runs_command_without_token() {
    let script = r#"read -r input; case $input in
        *good*) env; printf '%s\n' "$input"; tr '\0' '\n' </proc/$$/cmdline;;
        *bad*) echo '{"error": "CardDeclined", "cause": "no luck"}'; exit 65;;
        *) exit 1;;
    esac"#;
    let step = format!("command:{}", json!(["/bin/sh", "-c", script]));
    let mut worker = Worker::start(&step).await;
    let inputs = ["good-input-of-a-user", "bad-input-of-a-user", "other-input-of-a-user"];
    let mut opened = Vec::new();
    for service in [Service::Fnf, Service::Swf] {
        let tokens = [(); 3].map(|()| worker.open(service));
        let messages: Vec<_> =
            (0..3).map(|n| message(IDS[n], &tokens[n], &json!({"a": inputs[n]}))).collect();
        assert_eq!(worker.batch(&messages).await, json!([IDS[2]]), "{}", worker.process.printed());
        let [good, bad, other] = tokens.each_ref().map(|token| worker.outcome(token));
        let Some(ReportedOutcome::Succeeded { output: Some(output) }) = good else { panic!("{good:?}") };
        assert!(output.contains("TASKBACK_TASK_FINGERPRINT=") && output.contains(inputs[0]), "{output}");
        let output = output.replace("\\n", "\n");
        assert_hidden(&output, tokens.iter().map(TaskToken::expose));
        let Some(ReportedOutcome::Failed { error, cause }) = bad else { panic!("{bad:?}") };
        let wanted = (Some("CardDeclined".into()), Some("no luck".into()));
        assert_eq!((error, cause), wanted);
        assert!(other.is_none());
        let state = worker.services.state().task(&tokens[2].fingerprint().hex()).unwrap().state;
        assert_eq!(state, TaskState::Open);
        opened.extend(tokens);
    }
    let (_, printed) = worker.process.kill().await;
    assert_hidden(&printed, opened.iter().map(TaskToken::expose).chain(inputs));
    assert_eq!(printed.matches("the command ended with exit code 1").count(), 2, "{printed}");
}

#[tokio::test]
async fn direct_response_contains_command_output() {
    let mut worker = Worker::start("command:cat").await;
    let token = worker.open(Service::Swf);
    let input = r#"{"b": 12345678901234567890123, "a": 1.10000000000000000001}"#;
    let event = format!(r#"{{"service":"swf","taskToken":{},"input":{input}}}"#, json!(token.expose()));
    worker.api.invoke("direct", &direct_event(&event), MINUTE);
    let answer = worker.api.answer().await;
    assert!(answer.text.contains(&format!(r#""output":{input}"#)), "{}", answer.text);
    assert_eq!(worker.outcome(&token), Some(ReportedOutcome::Succeeded { output: Some(input.into()) }));
}

#[tokio::test]
async fn worker_calls_endpoint_without_logging_secrets() {
    let replies =
        [Reply::http(200, "", r#"{"ok":1}"#), Reply::http(422, "", "no"), Reply::http(404, "", "where?")];
    let endpoint = server::Server::start(replies).await;
    let (_, place) = endpoint.url.split_once("//").unwrap();
    let secrets = ["name-of-the-user", "password-of-the-user", "key-in-the-query"];
    let step = format!("http://{}:{}@{place}/a?{}", secrets[0], secrets[1], secrets[2]);
    let mut worker = Worker::start(&step).await;
    let mut tokens = Vec::new();
    for (id, kept) in [("good", json!([])), ("bad", json!([])), ("lost", json!(["lost"]))] {
        let token = worker.open(Service::Fnf);
        assert_eq!(worker.batch(&[message(id, &token, &json!({"a": id}))]).await, kept);
        tokens.push(token);
    }
    let outcomes: Vec<_> = tokens.iter().map(|token| worker.outcome(token)).collect();
    let wanted = [
        Some(ReportedOutcome::Succeeded { output: Some(r#"{"ok":1}"#.into()) }),
        Some(ReportedOutcome::Failed { error: Some("HttpStatus422".into()), cause: Some("no".into()) }),
        None,
    ];
    assert_eq!(outcomes, wanted);
    for request in endpoint.requests() {
        assert_hidden(&format!("{}\n{}", request.head, request.body), tokens.iter().map(TaskToken::expose));
    }
    let (_, printed) = worker.process.kill().await;
    assert_hidden(&printed, tokens.iter().map(TaskToken::expose).chain(secrets));
}

#[tokio::test]
async fn unreadable_step_is_named_at_start() {
    let worker = Worker::start("command:sh -c 'the-secret-argument'").await;
    let (status, printed) = worker.process.end().await;
    assert!(!status.success(), "{status}");
    assert!(printed.contains("TASKBACK_STEP is a command with quotes"), "{printed}");
    assert!(!printed.contains("the-secret-argument"), "{printed}");
}

#[tokio::test]
async fn missing_program_ends_the_worker_at_start() {
    let worker = Worker::start("command:no-such-program the-secret-argument").await;
    let (status, printed) = worker.process.end().await;
    assert!(!status.success(), "{status}");
    // The error's Debug escapes the quotes.
    assert!(printed.contains("no-such-program") && printed.contains("in no folder of PATH"), "{printed}");
    assert!(!printed.contains("the-secret-argument"), "{printed}");
}

#[tokio::test]
async fn setting_requires_fnf_object_output() {
    for (setting, required) in [("on", true), ("off", false), ("", false)] {
        let vars = [("FNF_REQUIRE_OBJECT_OUTPUT", setting)];
        let mut worker = Worker::start_with("command:cat", vars).await;
        for (service, input, is_object) in [
            (Service::Fnf, json!([1]), false),
            (Service::Fnf, json!({"a": 1}), true),
            (Service::Swf, json!([1]), true),
        ] {
            let token = worker.open(service);
            assert_eq!(worker.batch(&[message("m", &token, &input)]).await, json!([]));
            let outcome = worker.outcome(&token).unwrap();
            if required && !is_object {
                let ReportedOutcome::Failed { error, .. } = outcome else { panic!("{outcome:?}") };
                assert_eq!(error.as_deref(), Some("OutputNotObject"));
            } else {
                assert_eq!(outcome, ReportedOutcome::Succeeded { output: Some(input.to_string()) });
            }
        }
        let (_, printed) = worker.process.kill().await;
        assert_eq!(printed.matches("step.output_not_object").count(), usize::from(!required), "{printed}");
    }
}

#[tokio::test]
async fn settings_list_terminal_errors() {
    let vars = [("TASKBACK_TERMINAL_ERRORS", "exit:3")];
    let mut worker = Worker::start_with(r#"command:["/bin/sh", "-c", "exit 3"]"#, vars).await;
    let token = worker.open(Service::Swf);
    assert_eq!(worker.batch(&[message("m", &token, &json!({}))]).await, json!([]));
    let Some(ReportedOutcome::Failed { error, .. }) = worker.outcome(&token) else {
        panic!("a failure is reported")
    };
    assert_eq!(error.as_deref(), Some("ExitCode3"));

    let endpoint = server::Server::start([Reply::http(409, "", "a copy runs")]).await;
    let mut worker = Worker::start_with(&endpoint.url, [("TASKBACK_TERMINAL_ERRORS", "http:409")]).await;
    let token = worker.open(Service::Swf);
    assert_eq!(worker.batch(&[message("m", &token, &json!({}))]).await, json!([]));
    let Some(ReportedOutcome::Failed { error, .. }) = worker.outcome(&token) else {
        panic!("a failure is reported")
    };
    assert_eq!(error.as_deref(), Some("HttpStatus409"));
}
