//! Processes between two tasks.

use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{json, value::RawValue};
use taskback::testing::Message;
use taskback::{BoxFuture, RawTask, Service, Step, StepError, StepOutput, Task, Taskback};

use super::contract::client;
use super::{doing, handler, token};
use crate::external::group::{Scratch, assert_dead};
use crate::external::json as shown;
use crate::support::{MINUTE, Rig, envelope, kept_within};

/// Delivers the task of that name for the first time, and returns its output.
async fn output(rig: &Rig, taskback: &Taskback, name: &str, input: &str) -> String {
    let message = Message::new(name, envelope(Service::Swf, name, input));
    assert!(kept_within(taskback, &[message], MINUTE).await.is_empty());
    shown(&rig.swf.accepted(&token(Service::Swf, name))[0])
}

/// A host freezes its processes behind a response, before the handler asks again; the time until the thaw is not its own.
#[tokio::test]
async fn frozen_process_is_not_replaced() {
    let (rig, file) = (Rig::new(), Scratch::new());
    let taskback = rig.builder().step(client()).build().unwrap();
    let rest = json!({"do": "rest", "file": file.text()}).to_string();
    let first = output(&rig, &taskback, "first", &rest).await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(3600)).await;
    tokio::time::resume();
    let thaw = async {
        // The next task waits for the process by now.
        tokio::task::yield_now().await;
        std::fs::write(file.text(), "").unwrap();
    };
    let input = doing("pid");
    let (second, ()) = tokio::join!(output(&rig, &taskback, "second", &input), thaw);
    assert_eq!(first, second);
}

/// A step whose process is killed after it was reserved, if it is that of an earlier task.
struct Killed {
    step: taskback::HandlerStep,
    process: Arc<Mutex<Option<String>>>,
}

impl Step for Killed {
    fn run(&self, task: Task<Box<RawValue>>) -> BoxFuture<'static, Result<StepOutput, StepError>> {
        self.step.run(task)
    }

    fn reserve<'a>(&'a self, task: &'a RawTask) -> Option<BoxFuture<'a, Arc<dyn Step>>> {
        let reserve = self.step.reserve(task)?;
        Some(Box::pin(async move {
            let step = reserve.await;
            let process = self.process.lock().unwrap().take();
            if let Some(process) = process {
                assert!(Command::new("kill").args(["-KILL", &process]).status().unwrap().success());
                assert_dead(&process).await;
            }
            step
        }))
    }
}

/// Whatever ended it was not this task, which may be on its last delivery.
#[tokio::test]
async fn end_before_the_task_is_not_its_own() {
    let (rig, process) = (Rig::new(), Arc::default());
    let step = Killed { step: handler(), process: Arc::clone(&process) };
    let taskback = rig.builder().max_receives(1).step(step).build().unwrap();
    let input = doing("pid");
    let first = output(&rig, &taskback, "first", &input).await;
    *process.lock().unwrap() = Some(first.clone());
    let second = output(&rig, &taskback, "second", &input).await;
    assert!(second != first && second.parse::<u32>().is_ok(), "{second}");
}
