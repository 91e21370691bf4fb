//! `taskback local --deliver`: from a flow through a queue to a function and back.

use std::path::{Path, PathBuf};
use std::process::Command;

use aliyun_fnf::{Client, CreateFlow, Credentials};

use crate::process::Process;
use crate::run::{run, taskback};

const FLOW: &str = r#"{"Type": "StateMachine", "SpecVersion": "v1", "StartAt": "verify", "States": [
    {"Type": "Task", "Name": "verify", "Action": "MNS:SendMessage", "TaskMode": "WaitForCustomCallback",
     "Timeout": 600, "End": true, "Parameters": {
         "resourceArn": "acs:mns:cn-hangzhou:1:/queues/tasks/messages",
         "message": {"service": "fnf", "taskToken.$": "$Context.Current.TaskToken", "input.$": "$Input"}}}]}"#;

/// The shipped worker stands for any function.
fn worker() -> PathBuf {
    let worker = Path::new(env!("CARGO_BIN_EXE_taskback")).with_file_name("worker");
    assert!(worker.exists(), "{} is not built: run tests/run, or cargo build --bin worker", worker.display());
    worker
}

/// Local services that deliver to a function, and their URL, with the flow `verify`.
async fn local(args: &[&str]) -> (Process, String) {
    let mut command = taskback(&[&["local", "--listen", "127.0.0.1:0"], args].concat());
    command.env("PATH", "/usr/bin:/bin").env("TASKBACK_STEP", "verify-card");
    let mut process = Process::start(&mut command);
    let line = process.line("taskback local listens on ").await;
    let url = line.rsplit(' ').next().unwrap().to_owned();
    let keys = Credentials::new("taskback-local", "taskback-local-secret");
    let fnf = Client::builder().endpoint(&url).credentials(keys).build().unwrap();
    fnf.call(CreateFlow::new("verify", FLOW, "for tests")).await.unwrap();
    (process, url)
}

fn start(url: &str, wait: &[&str]) -> Command {
    let input = r#"{"cardNumber": "4111 1111 1111 1111"}"#;
    let mut command = taskback(&[&["flow", "start", "verify", "--input", input], wait].concat());
    command.envs([
        ("FNF_ENDPOINT", url),
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", "taskback-local"),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "taskback-local-secret"),
    ]);
    command
}

#[tokio::test]
async fn flow_succeeds_through_a_function_of_either_host() {
    for host in ["lambda", "fc"] {
        let deliver = format!("tasks={}", worker().display());
        let (process, url) = local(&["--deliver", &deliver, "--deliver-as", host]).await;
        // The second one goes to the same process.
        for _ in 0..2 {
            let ran = run(&mut start(&url, &["--wait=60"]));
            assert_eq!(ran.code, 0, "{host}: {}{}{}", ran.stdout, ran.stderr, process.printed());
            assert!(ran.stdout.contains("**** 1111"), "{host}: {}", ran.stdout);
        }
        assert_eq!(process.printed().matches("taskback starts").count(), 1, "{host}: {}", process.printed());
    }
}

#[tokio::test]
async fn failed_invocation_is_repeated_with_its_reason() {
    let (mut process, url) = local(&["--deliver", "tasks=/bin/false"]).await;
    assert_eq!(run(&mut start(&url, &[])).code, 0);
    let line = process.line("will be delivered again in 1 s").await;
    let reason = "the function ended with exit code 1 before it asked for an event";
    assert!(line.starts_with("taskback: tasks: message ") && line.contains(reason), "{line}");
    process.line("will be delivered again in 2 s").await;
}

#[test]
fn delivery_without_a_command_is_an_error() {
    let ran = run(&mut taskback(&["local", "--deliver", "tasks"]));
    assert!(ran.code == 2 && ran.stderr.contains("expected QUEUE=COMMAND"), "{}", ran.stderr);
}
