//! The shipped worker as a process, whose step is no Rust.

use std::path::Path;

use serde_json::{Value, json};
use taskback::core::{Service, TaskToken};
use taskback::testing::{Message, sqs_event};
use taskback_local::{Config, OpenTask, Outcome, Server, TaskState};

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
        let services = Server::bind(Config::default()).await.unwrap();
        let api = RuntimeApi::start().await;
        let mut command = function(Path::new(env!("CARGO_BIN_EXE_worker")), &api.address, &services.url());
        let path = std::env::var_os("PATH").unwrap();
        let process = Process::start(command.env("TASKBACK_STEP", step).env("PATH", path));
        Self { services, api, process }
    }

    fn open(&self, service: Service) -> TaskToken {
        self.services.state().open(OpenTask::new(service)).unwrap().token
    }

    /// The ids that are kept.
    async fn batch(&mut self, messages: &[Message]) -> Value {
        self.api.invoke("batch", &sqs_event(messages), MINUTE);
        let answer = self.api.answer().await;
        assert!(!answer.failed, "{answer:?} {}", self.process.printed());
        let failures = answer.body["batchItemFailures"].as_array().unwrap();
        failures.iter().map(|failure| failure["itemIdentifier"].clone()).collect()
    }

    fn outcome(&self, token: &TaskToken) -> Option<Outcome> {
        self.services.state().task(&token.fingerprint().hex()).unwrap().outcome
    }
}

fn message(id: &str, token: &TaskToken, input: &Value) -> Message {
    let body = json!({"service": token.service().name(), "taskToken": token.expose(), "input": input});
    Message::new(id, body.to_string())
}

#[tokio::test]
async fn a_command_is_the_step_and_the_token_reaches_neither_it_nor_the_log() {
    let script = r#"read -r input; case $input in
        *good*) env; printf '%s\n' "$input"; tr '\0' '\n' </proc/$$/cmdline;;
        *bad*) echo "no luck" >&2; exit 2;;
        *) exit 75;;
    esac"#;
    let step = format!("command:{}", json!(["/bin/sh", "-c", script]));
    let mut worker = Worker::start(&step).await;
    for service in [Service::Fnf, Service::Swf] {
        let tokens = [(); 3].map(|()| worker.open(service));
        let inputs = ["good-input-of-a-user", "bad-input-of-a-user", "other-input-of-a-user"];
        let messages: Vec<_> =
            (0..3).map(|n| message(IDS[n], &tokens[n], &json!({"a": inputs[n]}))).collect();
        assert_eq!(worker.batch(&messages).await, json!([IDS[2]]), "{}", worker.process.printed());
        let [good, bad, other] = tokens.each_ref().map(|token| worker.outcome(token));
        let Some(Outcome::Succeeded { output: Some(output) }) = good else { panic!("{good:?}") };
        assert!(output.contains("TASKBACK_TASK_FINGERPRINT=") && output.contains(inputs[0]), "{output}");
        let output = output.replace("\\n", "\n");
        assert_hidden(&output, tokens.iter().map(TaskToken::expose));
        let Some(Outcome::Failed { error, cause }) = bad else { panic!("{bad:?}") };
        let wanted = (Some("ExitCode2".into()), Some("no luck".into()));
        assert_eq!((error, cause), wanted);
        assert!(other.is_none());
        let printed = worker.process.printed();
        assert_hidden(&printed, tokens.iter().map(TaskToken::expose).chain(inputs));
        assert!(printed.contains("the command ended with exit code 75"), "{printed}");
        let state = worker.services.state().task(&tokens[2].fingerprint().hex()).unwrap().state;
        assert_eq!(state, TaskState::Open);
    }
}

#[tokio::test]
async fn an_http_endpoint_is_the_step_and_no_secret_of_its_url_is_logged() {
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
        Some(Outcome::Succeeded { output: Some(r#"{"ok":1}"#.into()) }),
        Some(Outcome::Failed { error: Some("HttpStatus422".into()), cause: Some("no".into()) }),
        None,
    ];
    assert_eq!(outcomes, wanted);
    for request in endpoint.requests() {
        assert_hidden(&format!("{}\n{}", request.head, request.body), tokens.iter().map(TaskToken::expose));
    }
    let printed = worker.process.printed();
    assert_hidden(&printed, tokens.iter().map(TaskToken::expose).chain(secrets));
}

#[tokio::test]
async fn a_step_that_cannot_be_read_is_named_at_the_start() {
    let worker = Worker::start("command:sh -c 'the-secret-argument'").await;
    let (status, printed) = worker.process.end().await;
    assert!(!status.success(), "{status}");
    assert!(printed.contains("TASKBACK_STEP is a command with quotes"), "{printed}");
    assert!(!printed.contains("the-secret-argument"), "{printed}");
}
