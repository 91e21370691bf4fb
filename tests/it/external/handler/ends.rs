//! Handlers that end, hang or are cancelled, and what becomes of the tasks beside them.

use std::num::NonZeroUsize;
use std::time::Duration;

use serde_json::json;
use taskback::testing::Message;
use taskback::{HandlerStep, Outcome, Service, Taskback};

use super::{deliver, doing, failure, handler, token};
use crate::external::group::{Scratch, assert_dead};
use crate::external::{TASK, json as shown};
use crate::support::{MINUTE, Rig, envelope, kept_within};

const SECOND: Duration = Duration::from_secs(1);

fn hanging(file: &Scratch, stops: bool) -> String {
    json!({ "do": "hang", "file": file.text(), "stops": stops }).to_string()
}

/// Delivers one message for each input, named by its index. Returns the ids of those that are redelivered.
async fn batch(taskback: &Taskback, inputs: &[String]) -> Vec<String> {
    let message = |(index, input): (usize, &String)| {
        let name = index.to_string();
        Message::new(name.clone(), envelope(Service::Swf, &name, input))
    };
    let messages: Vec<_> = inputs.iter().enumerate().map(message).collect();
    kept_within(taskback, &messages, MINUTE).await
}

fn outcomes(rig: &Rig, index: usize) -> Vec<String> {
    rig.swf.accepted(&token(Service::Swf, &index.to_string())).iter().map(shown).collect()
}

#[tokio::test]
async fn end_of_the_process_is_retryable() {
    for (what, cause) in [
        ("exit", "the handler ended with exit code 3 before it answered"),
        ("kill", "the handler was ended by signal 9 before it answered"),
    ] {
        assert_eq!(failure(handler(), &doing(what)).await, ("StepFailed".into(), cause.into()));
    }
}

/// Each task gets its own outcome, whatever the tasks before it did to the process.
#[tokio::test]
async fn batch_survives_errors_crash_and_hang() {
    let (rig, file) = (Rig::new(), Scratch::new());
    // Only the one that hangs takes it, also on a busy machine.
    let step = handler().max_time(6 * SECOND);
    let taskback = rig.builder().concurrency(1).step(step).build().unwrap();
    let inputs = [
        json!({"do": "echo", "n": 0}).to_string(),
        doing("declined"),
        doing("error"),
        json!({"do": "echo", "n": 3}).to_string(),
        hanging(&file, false),
        json!({"do": "echo", "n": 5}).to_string(),
        doing("exit"),
        doing("kill"),
        doing("nan"),
        json!({"do": "echo", "n": 9}).to_string(),
    ];
    assert_eq!(batch(&taskback, &inputs).await, ["2", "4", "6", "7"]);
    for n in [0, 3, 5, 9] {
        assert_eq!(outcomes(&rig, n), [format!(r#"{{"do": "echo", "n": {n}}}"#)]);
    }
    assert_eq!(outcomes(&rig, 1), ["CardDeclined: no luck é 🦀"]);
    assert_eq!(outcomes(&rig, 8).len(), 1);
    for n in [2, 4, 6, 7] {
        assert_eq!(outcomes(&rig, n), [""; 0], "{n}");
    }
    for pid in file.read().split(' ') {
        assert_dead(pid).await;
    }
}

#[tokio::test]
async fn process_runs_many_tasks() {
    let rig = Rig::new();
    let taskback = rig.builder().step(handler()).build().unwrap();
    let inputs = [(); 10].map(|()| doing("pid"));
    assert!(batch(&taskback, &inputs).await.is_empty());
    let pids: Vec<_> = (0..10).flat_map(|index| outcomes(&rig, index)).collect();
    assert!(pids.len() == 10 && pids.iter().all(|pid| *pid == pids[0]), "{pids:?}");
}

#[tokio::test]
async fn two_records_of_a_token_run_once() {
    let rig = Rig::new();
    let taskback = rig.builder().concurrency(1).step(handler()).build().unwrap();
    let message = |id: &str, name: &str| Message::new(id, envelope(Service::Swf, name, &doing("count")));
    let messages = [message("a", "0"), message("b", "0"), message("c", "1")];
    assert!(kept_within(&taskback, &messages, MINUTE).await.is_empty());
    assert_eq!((outcomes(&rig, 0), outcomes(&rig, 1)), (vec!["1".to_owned()], vec!["2".to_owned()]));
}

#[tokio::test]
async fn several_processes_run_tasks_at_once() {
    let (rig, one, two) = (Rig::new(), Scratch::new(), Scratch::new());
    let step = handler().handlers(NonZeroUsize::new(2).unwrap());
    let taskback = rig.builder().step(step).build().unwrap();
    let meet = |mine: &Scratch, other: &Scratch| {
        json!({ "do": "meet", "mine": mine.text(), "other": other.text() }).to_string()
    };
    let inputs = [meet(&one, &two), meet(&two, &one), doing("echo"), doing("echo")];
    assert!(batch(&taskback, &inputs).await.is_empty());
}

#[tokio::test]
async fn deadline_kills_the_process_group() {
    let (rig, file) = (Rig::new(), Scratch::new());
    let taskback = rig.builder().step(handler()).build().unwrap();
    // The process is there before the time begins to count.
    let first = Message::new("first", envelope(Service::Swf, "first", &doing("pid")));
    assert!(kept_within(&taskback, &[first], MINUTE).await.is_empty());
    assert!(deliver(&taskback, &hanging(&file, false), 6 * SECOND).await.is_some());
    for pid in file.read().split(' ') {
        assert_dead(pid).await;
    }
    assert_eq!(rig.swf.attempts(&token(Service::Swf, TASK)), 0);
    // The next task has a new process.
    assert_eq!(deliver(&taskback, &doing("pid"), MINUTE).await, None);
}

#[tokio::test]
async fn requested_cancellation_terminates_the_process() {
    for (stops, expected) in
        [(true, r#""stopped""#), (false, "canceled: the handler was ended by signal 15 before it answered")]
    {
        let (rig, file, task) = (Rig::new(), Scratch::new(), token(Service::Swf, TASK));
        let builder = rig.builder().heartbeat(Duration::from_millis(20)).step(handler());
        let taskback = builder.build().unwrap();
        let request = async {
            file.appears().await;
            rig.swf.request_cancellation(&task);
        };
        let input = hanging(&file, stops);
        let (kept, ()) = tokio::join!(deliver(&taskback, &input, MINUTE), request);
        let reported: Vec<_> = rig.swf.accepted(&task).iter().map(shown).collect();
        assert_eq!((kept, reported), (None, vec![expected.to_owned()]));
        for pid in file.read().split(' ') {
            assert_dead(pid).await;
        }
    }
}

/// No task waits for a process that never starts, and none is failed for it.
#[tokio::test]
async fn failed_start_is_retryable() {
    for (name, cause) in [
        ("handlers.absent", "Runtime.HandlerNotFound: Handler 'absent' missing on module 'handlers'"),
        ("no_such_module.handle", "Runtime.ImportModuleError: Unable to import module 'no_such_module'"),
    ] {
        let (error, seen) = failure(super::step(&crate::peers::python::handler(name)), "{}").await;
        let expected = format!("the handler did not start: {cause}");
        assert!(error == "StepFailed" && seen.starts_with(&expected), "{seen}");
    }
    for (program, cause) in [("/no/such/program", "No such file"), ("/bin/false", "ended with exit code 1")] {
        let step = HandlerStep::new(taskback::CommandLine::parse(program).unwrap());
        let (error, seen) = failure(step, "{}").await;
        assert!(error == "StepFailed" && seen.contains(cause), "{seen}");
    }
}

/// Waiting for a process costs no lease, and its task is redelivered.
#[tokio::test]
async fn task_without_process_is_not_claimed() {
    let (rig, file) = (Rig::new(), Scratch::new());
    let builder = rig.builder().heartbeat(Duration::from_millis(20)).step(handler());
    let taskback = builder.build().unwrap();
    let input = hanging(&file, false);
    let hang = deliver(&taskback, &input, MINUTE);
    let waiting = async {
        file.appears().await;
        let message = Message::new("other", envelope(Service::Swf, "other", &doing("pid")));
        assert_eq!(kept_within(&taskback, std::slice::from_ref(&message), SECOND).await, ["other"]);
        rig.swf.request_cancellation(&token(Service::Swf, TASK));
        message
    };
    let (_, message) = tokio::join!(hang, waiting);
    assert!(kept_within(&taskback, &[message], MINUTE).await.is_empty(), "no claim is in its way");
    let outcomes = rig.swf.accepted(&token(Service::Swf, "other"));
    assert!(matches!(outcomes[..], [Outcome::Succeeded(_)]));
}
