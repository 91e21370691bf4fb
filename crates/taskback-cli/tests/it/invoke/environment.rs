//! `invoke --services environment` behaves like a worker.

use std::process::Command;

use serde_json::{Value, json};
use taskback_local::{Config, OpenTask, OpenedTask, Server, TaskState};

use crate::python::Moto;
use crate::run::{Ran, at_aws, run_with_stdin};
use crate::serve::setup::create_table;
use taskback::Service;

const CARD: &str = "4111 1111 1111 1111";
const BAD_CARD: &str = "4111 1111 1111 1112";

fn command(server: &Server, aws: &str, ledger: &str) -> Command {
    let mut command = at_aws(&["invoke", "--services", "environment", "-e", "-"], aws);
    command.envs([
        ("AWS_ENDPOINT_URL_SWF", &*server.url()),
        ("TASKBACK_STEP", "verify-card"),
        ("TASKBACK_LEDGER", ledger),
    ]);
    command
}

/// Runs the command on another thread: the services run on this runtime.
async fn invoke(mut command: Command, opened: &OpenedTask, card: &str) -> Ran {
    let input = json!({"cardNumber": card});
    let event = json!({"service": "swf", "taskToken": opened.token.expose(), "input": input}).to_string();
    tokio::task::spawn_blocking(move || run_with_stdin(&mut command, &event)).await.unwrap()
}

async fn open() -> (Server, OpenedTask) {
    let server = Server::bind(Config::default()).await.unwrap();
    let opened = server.state().open(OpenTask::new(Service::Swf)).unwrap();
    (server, opened)
}

fn answer(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{} {}", ran.stdout, ran.stderr))
}

#[tokio::test]
async fn recorded_outcome_is_not_contradicted() {
    let moto = Moto::start().await;
    create_table(&moto.url).await;
    let (server, opened) = open().await;
    let ran = invoke(command(&server, &moto.url, "dynamodb:tasks"), &opened, CARD).await;
    assert_eq!((ran.code, &answer(&ran)["outcome"], &*ran.stderr), (0, &"succeeded".into(), ""));

    // Reopened, with an input that would fail: the outcome in the ledger is used.
    server
        .state()
        .open(OpenTask { reopen: true, ..OpenTask::new(Service::Swf).token(opened.token.clone()) })
        .unwrap();
    let ran = invoke(command(&server, &moto.url, "dynamodb:tasks"), &opened, BAD_CARD).await;
    let answer = answer(&ran);
    assert_eq!(
        (ran.code, &answer["receipt"], answer.get("outcome")),
        (0, &"recorded".into(), None),
        "{}",
        ran.stderr
    );
    assert_eq!(server.state().task(&opened.fingerprint).unwrap().state, TaskState::Open);
}

#[tokio::test]
async fn missing_table_reports_nothing() {
    let moto = Moto::start().await;
    let (server, opened) = open().await;
    let ran = invoke(command(&server, &moto.url, "dynamodb:absent"), &opened, CARD).await;
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    assert_eq!(server.state().task(&opened.fingerprint).unwrap().reports.len(), 0);
}

#[tokio::test]
async fn memory_ledger_and_closed_task_are_noted() {
    let (server, opened) = open().await;
    let ran = invoke(command(&server, "http://127.0.0.1:9", ""), &opened, CARD).await;
    assert!(
        ran.code == 0
            && ran.stderr.contains("the memory ledger does not know the outcomes that workers recorded"),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains("closed"), "{}", ran.stderr);

    let ran = invoke(command(&server, "http://127.0.0.1:9", "memory"), &opened, BAD_CARD).await;
    assert_eq!((ran.code, &answer(&ran)["receipt"]), (0, &"closed".into()), "{}", ran.stderr);
    let [_, closed] = ran.stderr.lines().collect::<Vec<_>>()[..] else { panic!("{}", ran.stderr) };
    let short = &opened.fingerprint[..8];
    assert!(closed.starts_with(&format!("taskback: task {short} was closed")), "{closed}");
    assert!(
        closed.ends_with("by another party: the outcome of this invocation was not recorded"),
        "{closed}"
    );
    assert_eq!(server.state().task(&opened.fingerprint).unwrap().state, TaskState::Succeeded);
}

#[tokio::test]
async fn environment_services_require_a_step() {
    let (server, opened) = open().await;
    let mut unset = command(&server, "http://127.0.0.1:9", "memory");
    unset.env_remove("TASKBACK_STEP");
    let ran = invoke(unset, &opened, CARD).await;
    assert!(ran.code == 2 && ran.stderr.contains("TASKBACK_STEP: not set"), "{} {}", ran.code, ran.stderr);
    assert_eq!(server.state().task(&opened.fingerprint).unwrap().reports.len(), 0);
}
