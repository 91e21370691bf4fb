//! `poll` and `work` as processes with moto's SWF, SQS and DynamoDB.

mod activity;
mod deaf;
mod killed;
mod metrics;
pub(crate) mod setup;

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::Value;
use taskback_local::{Config, OpenTask, Server};
use tokio::time::{sleep, timeout};

use crate::process::Process;
use crate::run::{run, taskback};
use deaf::Deaf;
use setup::{BAD, GOOD, MINUTE, Setup, create_table, signal, stop};
use taskback::Service;

/// Asserts that each activity ended once, as its input requires.
fn assert_reported_once(ends: &BTreeMap<u64, Vec<(String, Value)>>, inputs: &[&str]) {
    assert_eq!(ends.len(), inputs.len(), "{ends:?}");
    for (ends, input) in ends.values().zip(inputs) {
        let [(kind, attributes)] = &ends[..] else { panic!("{ends:?}") };
        let report = [&attributes["result"], &attributes["reason"]].map(Value::as_str);
        let verified = Some(r#"{"cardNumber":"**** **** **** 1111","valid":true}"#);
        match *input {
            GOOD => assert_eq!((&**kind, report), ("ActivityTaskCompleted", [verified, None])),
            _ => assert_eq!((&**kind, report), ("ActivityTaskFailed", [None, Some("CardDeclined")])),
        }
    }
}

#[tokio::test]
async fn activities_pass_poller_queue_and_worker() {
    for queue in ["tasks", "tasks.fifo"] {
        let inputs = [GOOD, BAD, GOOD, BAD];
        let setup = Setup::new(&inputs, queue).await;
        let (poller, worker) = (setup.poll(), Process::start(&mut setup.work()));
        assert_reported_once(&setup.ended(4).await, &inputs);
        let printed = stop(poller).await + &stop(worker).await;
        assert_eq!(setup.messages().await, 0, "{printed}");
        assert!(
            printed.contains(r#""queued":4"#) && printed.contains(r#""receipt":"recorded""#),
            "{printed}"
        );
        for line in printed.lines() {
            serde_json::from_str::<Value>(line).unwrap_or_else(|_| panic!("{line}"));
        }
    }
}

#[tokio::test]
async fn killed_worker_leaves_one_outcome_each() {
    // moto answers 500 to a second report of a failed activity; SWF answers that it is closed.
    let inputs = [GOOD; 6];
    let setup = Setup::new(&inputs, "tasks").await;
    let poller = setup.poll();
    poller_queued(&poller, 6).await;
    create_table(&setup.moto.url).await;
    let ledger = |mut command: Command| {
        command.env("TASKBACK_LEDGER", "dynamodb:tasks");
        command
    };
    let deaf = Deaf::after(3, &setup.moto.url).await;
    let worker = Process::start(ledger(setup.work()).env("AWS_ENDPOINT_URL_SWF", &deaf.url));
    let stuck = async {
        while deaf.calls.load(Ordering::SeqCst) < 6 {
            sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(timeout(MINUTE, stuck).await.is_ok(), "{}", worker.printed());
    signal(&worker, "KILL");
    let (status, _) = worker.end().await;
    assert_eq!(status.code(), None, "killed");
    let half = setup.ends().await.len();
    assert!((1..6).contains(&half), "{half} of 6");

    let next = Process::start(&mut ledger(setup.work()));
    assert_reported_once(&setup.ended(6).await, &inputs);
    // Also of the messages that the killed worker reported and could not delete.
    setup.empty(&next).await;
    stop(next).await;
    assert_reported_once(&setup.ends().await, &inputs);
    stop(poller).await;
}

async fn poller_queued(poller: &Process, tasks: usize) {
    let all = async {
        while poller.printed().matches(r#""event":"poller.task_queued""#).count() < tasks {
            sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(timeout(MINUTE, all).await.is_ok(), "{}", poller.printed());
}

#[tokio::test]
async fn stopping_poller_queues_its_last_task() {
    let setup = Setup::new(&[GOOD], "tasks").await;
    // Unlike moto, the local services hold a poll, like SWF.
    let local = Server::bind(Config::default()).await.unwrap();
    let list = ["poll", "--domain", "taskback", "--task-list", "taskback", "--pollers", "1"];
    let at_local = |mut command: Command| {
        Process::start(command.envs([("AWS_ENDPOINT_URL_SWF", &*local.url()), ("RUST_LOG", "trace")]))
    };
    let mut poller = at_local(setup.command(&list));
    poller.line("taskback starts").await;
    signal(&poller, "TERM");
    poller.line("process.shutdown_requested").await;
    let token = local.state().open(OpenTask::new(Service::Swf)).unwrap().token;
    let (status, polled) = poller.end().await;
    assert_eq!((status.code(), setup.messages().await), (Some(0), 1), "{polled}");
    assert!(polled.contains(r#""queued":1"#), "{polled}");

    // At TRACE neither logs a part of the token.
    let mut worker = at_local(setup.work());
    worker.line(r#""receipt":"recorded""#).await;
    let printed = polled + &stop(worker).await;
    let token = token.expose().as_bytes();
    for part in token.chunks(16).map(String::from_utf8_lossy) {
        assert!(part.len() < 16 || !printed.contains(&*part), "{part} of the token is in {printed}");
    }
}

#[test]
fn missing_settings_exit_with_2() {
    let ran = run(&mut taskback(&["poll", "--pollers", "0"]));
    assert_eq!(ran.code, 2);
    assert!(ran.stdout.contains(r#""event":"process.start_failed""#), "{}", ran.stdout);
    for name in ["TASKBACK_POLLERS", "TASKBACK_QUEUE_URL", "TASKBACK_SWF_DOMAIN", "TASKBACK_SWF_TASK_LIST"] {
        assert!(ran.stderr.contains(name), "{}", ran.stderr);
    }
    assert_eq!(run(&mut taskback(&["work"])).code, 2);
    let mut command = taskback(&["work", "--queue-url", "http://127.0.0.1:9/q"]);
    let ran = run(command.env("TASKBACK_STEP", "verify-card").env("AWS_EC2_METADATA_DISABLED", "true"));
    assert!(ran.code == 2 && ran.stderr.contains("AWS_REGION"), "{}", ran.stderr);
    let mut command = taskback(&["work", "--dead-letters", "--queue-url", "https://sqs.test/q"]);
    let ran = run(command.env("AWS_REGION", "us-east-1").env("AWS_EC2_METADATA_DISABLED", "true"));
    assert!(ran.code == 2 && ran.stderr.contains("such as dynamodb:TABLE"), "{}", ran.stderr);
}

#[cfg(unix)]
#[test]
fn non_utf8_variable_of_another_program_is_ignored() {
    use std::os::unix::ffi::OsStrExt;
    let not_utf8 = std::ffi::OsStr::from_bytes(b"\xff");
    for command in ["poll", "work"] {
        let ran = run(taskback(&[command]).env("SOME_NAME", not_utf8));
        assert_eq!(ran.code, 2, "{command}: {}", ran.stderr);
    }
}
