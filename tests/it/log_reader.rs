//! The shipped worker with a log that is not read, as behind a hung log driver.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};
use taskback::Service;
use taskback::testing::{Message, sqs_event};
use taskback_local::{Config, OpenTask, Server, TaskState};

use crate::lambda::function;
use crate::lambda::runtime_api::RuntimeApi;
use crate::support::MINUTE;

/// More lines than the pipe and the worker's buffer hold: each of these messages logs at least 4 KiB.
const BATCHES: usize = 16;
const MESSAGES: usize = 20;

#[tokio::test]
async fn blocked_log_reader_stops_neither_heartbeats_nor_reports() {
    let services = Server::bind(Config::default()).await.unwrap();
    let mut api = RuntimeApi::start().await;
    let mut command = function(env!("CARGO_BIN_EXE_worker").as_ref(), &api.address, &services.url());
    let script = "read -r n; case $n in 0) printf %04000d 0 >&2; exit 75;; *) sleep 1.5; echo 1;; esac";
    command.env("TASKBACK_STEP", format!("command:{}", json!(["/bin/sh", "-c", script])));
    command.env("PATH", std::env::var_os("PATH").unwrap()).env("RUST_LOG", "info");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut worker = Worker(command.spawn().unwrap());

    let open = || services.state().open(OpenTask::new(Service::Swf)).unwrap();
    let message = |id: &str, token: &str, input| {
        let body = json!({"service": "swf", "taskToken": token, "input": input, "heartbeatSeconds": 1});
        Message::new(id, body.to_string())
    };
    for _ in 0..BATCHES {
        let ids: Vec<_> = (0..MESSAGES).map(|n| n.to_string()).collect();
        let messages: Vec<_> = ids.iter().map(|id| message(id, open().token.expose(), 0)).collect();
        api.invoke("batch", &sqs_event(&messages), MINUTE);
        let answer = api.answer().await;
        assert_eq!(answer.body["batchItemFailures"].as_array().unwrap().len(), MESSAGES);
    }
    let task = open();
    api.invoke("batch", &sqs_event(&[message("m", task.token.expose(), 1)]), MINUTE);
    assert_eq!(api.answer().await.body, json!({"batchItemFailures": []}));
    let task = services.state().task(&task.fingerprint).unwrap();
    assert_eq!(task.state, TaskState::Succeeded);
    assert!(task.heartbeats > 0, "{task:?}");

    // Once the reader resumes, it gets the buffered lines, then the number of dropped lines, then new lines.
    let log = BufReader::new(worker.0.stdout.take().unwrap());
    let message_format = std::thread::spawn(move || {
        let mut lines = log.lines().map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
        let mut read = 0;
        let dropped = lines.by_ref().inspect(|_| read += 1).find(|line| line["event"] == "log.lines_dropped");
        (read, dropped.unwrap()["lines"].as_u64().unwrap(), lines.next().is_some())
    });
    while !message_format.is_finished() {
        api.invoke("batch", &sqs_event(&[message("m", open().token.expose(), 1)]), MINUTE);
        api.answer().await;
    }
    let (read, dropped, goes_on) = message_format.join().unwrap();
    assert!(goes_on && dropped > 0, "{read} lines were read, {dropped} dropped");
    assert!(read > 200, "{read} lines were read, {dropped} dropped");
}

struct Worker(std::process::Child);

impl Drop for Worker {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}
