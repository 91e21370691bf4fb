//! The step processes of the shipped worker: what they inherit, and that none is left over.

use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, fs};

use rustix::process::{getpid, set_child_subreaper};
use serde_json::json;
use taskback::Service;
use taskback::testing::{Message, sqs_event};
use taskback_local::{Config, OpenTask, ReportedOutcome, Server};

use crate::lambda::function;
use crate::lambda::runtime_api::RuntimeApi;
use crate::process::Process;
use crate::support::MINUTE;

/// Long enough for a busy machine. Only a failing test waits this long.
const PATIENCE: Duration = Duration::from_secs(60);

/// The variable that is set in the process that becomes the worker.
const BECOMES_WORKER: &str = "TEST_BECOMES_WORKER";

/// Orphans become children of a subreaper, as of process 1 of a container. A process can only make itself a
/// subreaper, and exec preserves that, so this test starts itself and then becomes the worker.
#[tokio::test]
async fn adopted_orphans_are_reaped() {
    if env::var_os(BECOMES_WORKER).is_some() {
        set_child_subreaper(Some(getpid())).unwrap();
        panic!("{}", Command::new(env!("CARGO_BIN_EXE_worker")).exec());
    }
    let scripts = [
        // In the program's group, with grandchildren: killed with the group.
        ("sleep 300 & sh -c 'sleep 300 & sleep 300 & wait' & echo 1", None),
        // In its own session; one parent ends first.
        ("setsid sh -c 'setsid sleep 0.2 & sleep 0.1' >/dev/null 2>&1 </dev/null & echo 2", None),
        // In its own group.
        ("set -m; (sleep 0.1; true) >/dev/null 2>&1 </dev/null & echo 3", None),
        ("sleep 300 & exit 65", Some("ExitCode65")),
        ("setsid true & exit 65", Some("ExitCode65")),
    ];
    let script = format!(
        "read -r n; case $n in {} esac",
        scripts.iter().enumerate().map(|(n, (script, _))| format!("{n}) {script};;")).collect::<String>()
    );
    let services = Server::bind(Config::default()).await.unwrap();
    let mut api = RuntimeApi::start().await;
    let mut command = function(&env::current_exe().unwrap(), &api.address, &services.url());
    command.args(["--exact", "external::children::adopted_orphans_are_reaped", "--nocapture"]);
    command.env(BECOMES_WORKER, "1").env("PATH", env::var_os("PATH").unwrap());
    command.env("TASKBACK_STEP", format!("command:{}", json!(["/bin/sh", "-c", script])));
    let worker = Process::start(command.env("RUST_LOG", "info"));
    for _ in 0..5 {
        let tasks = [(); 10].map(|()| services.state().open(OpenTask::new(Service::Swf)).unwrap());
        let messages = tasks.iter().enumerate().map(|(n, task)| {
            let (token, input) = (task.token.expose(), n % scripts.len());
            let body = json!({"service": "swf", "taskToken": token, "input": input});
            Message::new(n.to_string(), body.to_string())
        });
        api.invoke("batch", &sqs_event(&messages.collect::<Vec<_>>()), MINUTE);
        let answer = api.answer().await;
        assert_eq!(answer.body, json!({"batchItemFailures": []}), "{}", worker.printed());
        // Each step's status was read by its own wait.
        for (n, task) in tasks.iter().enumerate() {
            let outcome = services.state().task(&task.fingerprint).unwrap().outcome;
            match (scripts[n % scripts.len()].1, outcome) {
                (None, Some(ReportedOutcome::Succeeded { .. })) => {}
                (Some(expected), Some(ReportedOutcome::Failed { error, .. })) => {
                    assert_eq!(error.as_deref(), Some(expected))
                }
                (_, outcome) => panic!("{outcome:?}"),
            }
        }
    }
    let deadline = Instant::now() + PATIENCE;
    loop {
        let children = children(worker.child.id());
        if children.is_empty() {
            break;
        }
        assert!(Instant::now() < deadline, "the worker still has {children:?}");
        tokio::task::yield_now().await;
    }
}

/// Program, state and parent of all children of the process, including zombies.
fn children(parent: u32) -> Vec<String> {
    let ids = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let stats = ids.filter_map(|id| fs::read_to_string(format!("/proc/{id}/stat")).ok());
    let is_child = |stat: &String| {
        stat.rsplit_once(')')
            .is_some_and(|(_, fields)| fields.split_whitespace().nth(1) == Some(&parent.to_string()))
    };
    stats.filter(is_child).map(|stat| stat.chars().take(60).collect()).collect()
}

/// The worker's listeners, connections, log and signal handling are not inherited.
#[tokio::test]
async fn command_inherits_only_its_pipes() {
    // Read by the shell itself, since its mask differs while it starts a program.
    const LOOK: &str = "n=3; while [ $n -lt 200 ]; do [ -e /proc/$$/fd/$n ] && echo $n; n=$((n+1)); done; \
                        while read -r line; do case $line in SigBlk*|SigIgn*) echo $line; esac; done </proc/$$/status";
    // The descriptors that this test inherited itself and passes on.
    let inherited = Command::new("/bin/sh").args(["-c", LOOK]).output().unwrap();
    let inherited = String::from_utf8(inherited.stdout).unwrap();
    assert!(inherited.contains("SigIgn"), "{inherited}");

    let services = Server::bind(Config::default()).await.unwrap();
    let mut api = RuntimeApi::start().await;
    let mut command = function(env!("CARGO_BIN_EXE_worker").as_ref(), &api.address, &services.url());
    command.env("TASKBACK_STEP", format!("command:{}", json!(["/bin/sh", "-c", LOOK])));
    let worker = Process::start(command.env("PATH", env::var_os("PATH").unwrap()));
    for _ in 0..2 {
        let task = services.state().open(OpenTask::new(Service::Swf)).unwrap();
        let body = json!({"service": "swf", "taskToken": task.token.expose(), "input": 1}).to_string();
        api.invoke("batch", &sqs_event(&[Message::new("m", body)]), MINUTE);
        assert!(!api.answer().await.failed, "{}", worker.printed());
        match services.state().task(&task.fingerprint).unwrap().outcome {
            Some(ReportedOutcome::Succeeded { output }) => {
                assert_eq!(output.as_deref(), Some(inherited.trim_end()))
            }
            outcome => panic!("{outcome:?}"),
        }
    }
}
