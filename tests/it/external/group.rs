//! All processes that a command starts end with its step.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use taskback::Service;
use taskback::testing::Message;

use super::command::shell;
use super::{TASK, deliver, json, output};
use crate::support::{MINUTE, Rig, envelope, kept_within, token};

/// Long enough for a busy machine. Only a failing test waits this long.
const PATIENCE: Duration = Duration::from_secs(60);

/// They do not delay the end of the step.
#[tokio::test]
async fn leftover_processes_are_killed() {
    let begun = Instant::now();
    let pid = output(shell("sleep 300 & echo $!"), "{}").await;
    assert_dead(&pid).await;
    // This process has its own group.
    assert_eq!(output(shell("setsid sleep 20 & echo done"), "{}").await, r#""done""#);
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn deadline_kills_the_whole_group() {
    let file = Scratch::new();
    let rig = Rig::new();
    let script = format!("sh -c 'sleep 300 & {}; wait' & wait", file.with("$$ $!"));
    let taskback = rig.builder().step(shell(&script)).build().unwrap();
    assert!(deliver(&taskback, "{}", Duration::from_secs(3)).await.is_some(), "the message comes back");
    let pids = file.read();
    assert_eq!(pids.split_whitespace().count(), 2, "{pids}");
    for pid in pids.split_whitespace() {
        assert_dead(pid).await;
    }
    assert_eq!(rig.swf.attempts(&token(Service::Swf, TASK)), 0);
}

/// Its output and exit code still count.
#[tokio::test]
async fn requested_cancellation_terminates_the_command() {
    for (trap, wanted) in [
        ("trap 'echo stopped; exit 0' TERM", r#""stopped""#),
        ("trap 'echo half >&2; exit 65' TERM", "ExitCode65: half"),
        ("trap 'echo half >&2; exit 4' TERM", "canceled: the command ended with exit code 4: half"),
        ("true", "canceled: the command was ended by signal 15"),
        // A command that ignores the signal is killed at the step deadline.
        ("trap '' TERM", "canceled: "),
    ] {
        let rig = Rig::new();
        let task = token(Service::Swf, TASK);
        let file = Scratch::new();
        let script = format!("{trap}; {}; while :; do sleep 300 & wait; done", file.with("$$"));
        let builder = rig.builder().heartbeat(Duration::from_millis(20)).step(shell(&script));
        let taskback = builder.build().unwrap();
        let request = async {
            file.appears().await;
            rig.swf.request_cancellation(&task);
        };
        let (kept, ()) = tokio::join!(deliver(&taskback, "{}", Duration::from_secs(5)), request);
        let reported: Vec<_> = rig.swf.accepted(&task).iter().map(json).collect();
        assert_eq!((kept, reported), (None, vec![wanted.to_owned()]), "{trap}");
        assert_dead(file.read().trim()).await;
    }
}

#[tokio::test]
async fn commands_of_several_tasks_run_concurrently() {
    let (rig, one, two) = (Rig::new(), Scratch::new(), Scratch::new());
    // Each command ends only after the other has started. The input has no line end, and `read` accepts that.
    let script = format!(
        "read n; case $n in 1) {}; other={};; *) {}; other={};; esac; until [ -e $other ]; do sleep 0.05; done",
        one.with("1"),
        two.text(),
        two.with("2"),
        one.text()
    );
    let taskback = rig.builder().step(shell(&script)).build().unwrap();
    let messages = ["1", "2"].map(|n| Message::new(n, envelope(Service::Swf, n, n)));
    assert!(kept_within(&taskback, &messages, MINUTE).await.is_empty());
}

/// The unique name of a file, which is removed on drop.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("outside-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        Self(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name))
    }

    /// A shell command that creates the file atomically.
    fn with(&self, text: &str) -> String {
        format!("echo {text} >{0}.part; mv {0}.part {0}", self.text())
    }

    pub(super) async fn appears(&self) {
        let until = Instant::now() + PATIENCE;
        while !self.0.exists() {
            assert!(Instant::now() < until, "{} does not appear", self.text());
            tokio::task::yield_now().await;
        }
    }

    pub(crate) fn text(&self) -> &str {
        self.0.to_str().unwrap()
    }

    pub(crate) fn read(&self) -> String {
        std::fs::read_to_string(&self.0).unwrap_or_else(|error| panic!("{}: {error}", self.text()))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).ok();
    }
}

/// A killed process may still be a zombie until its new parent reaps it.
pub(crate) async fn assert_dead(pid: &str) {
    let until = Instant::now() + PATIENCE;
    loop {
        let ps = Command::new("ps").args(["-o", "stat=", "-p", pid]).output().unwrap();
        let state = String::from_utf8(ps.stdout).unwrap();
        if state.trim().is_empty() || state.starts_with('Z') {
            return;
        }
        assert!(Instant::now() < until, "{pid} is still there: {state}");
        tokio::task::yield_now().await;
    }
}
