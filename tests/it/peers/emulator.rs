//! Lambda's own Runtime Interface Emulator.

use std::process::Command;
use std::time::Duration;

use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use taskback::testing::{Message, sqs_event};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::python::{self, Moto};
use super::swf::{assert_outcomes, ended, polled};
use crate::process::{Process, free_address};
use crate::support::MINUTE;

#[tokio::test]
async fn lambda_emulator_completes_swf_tasks() {
    let moto = Moto::start().await;
    let tasks = polled(&moto, 3).await;
    let (address, runtime_api) = (free_address(), free_address());
    let mut command = Command::new(python::emulator());
    command.env_clear().envs([
        ("AWS_LAMBDA_FUNCTION_NAME", "worker"),
        ("AWS_LAMBDA_FUNCTION_TIMEOUT", "30"),
        ("TASKBACK_STEP", "verify-card"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "testing"),
        ("AWS_SECRET_ACCESS_KEY", "testing"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_ENDPOINT_URL_SWF", &moto.url),
        ("AWS_ENDPOINT_URL_SQS", &moto.url),
    ]);
    command.args(["--log-level", "error", "--runtime-interface-emulator-address", &address]);
    let emulator =
        Process::start(command.args(["--runtime-api-address", &runtime_api, env!("CARGO_BIN_EXE_worker")]));

    let (last, batch) = tasks.split_last().unwrap();
    let mut messages: Vec<_> = batch.iter().map(|task| Message::new(id(task), task.to_string())).collect();
    messages.push(Message::new("unreadable", "no json"));
    let answer = invoke(&address, &sqs_event(&messages)).await;
    let answer: Value =
        serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{answer} {}", emulator.printed()));
    let expected = json!({"batchItemFailures": [{"itemIdentifier": "unreadable"}]});
    assert_eq!(answer, expected, "{}", emulator.printed());
    let record = json!({"EventSource": "aws:sns", "Sns": {"Message": last.to_string()}});
    let event = to_raw_value(&json!({"Records": [record]})).unwrap();
    assert_eq!(invoke(&address, &event).await, r#"{"done":1}"#, "{}", emulator.printed());
    assert_outcomes(&ended(&moto, &tasks[0]).await, &tasks);
    let printed = emulator.printed();
    for task in &tasks {
        assert!(!printed.contains(task["taskToken"].as_str().unwrap()), "{printed}");
    }
}

fn id(task: &Value) -> &str {
    task["activityId"].as_str().unwrap()
}

/// The body of the emulator's response. Its status is 200 for failures too.
pub(super) async fn invoke(address: &str, event: &RawValue) -> String {
    let mut stream = timeout(MINUTE, connected(address)).await.expect("the emulator listens");
    let path = "/2015-03-31/functions/function/invocations";
    let (event, length) = (event.get(), event.get().len());
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{event}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(MINUTE, stream.read_to_string(&mut answer)).await.expect("the emulator answers").unwrap();
    answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer}")).1.to_owned()
}

/// Waits for the emulator, which prints nothing when it is ready.
async fn connected(address: &str) -> TcpStream {
    loop {
        match TcpStream::connect(address).await {
            Ok(stream) => return stream,
            Err(_) => sleep(Duration::from_millis(10)).await,
        }
    }
}
