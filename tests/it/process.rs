//! Child processes that end with their test.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

/// Long enough for a busy machine. Only a failing test waits this long.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Process {
    pub(crate) child: Child,
    printed: watch::Receiver<String>,
}

impl Process {
    /// Starts the command with a closed stdin and records stdout and stderr line by line.
    pub(crate) fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let (print, printed) = watch::channel(String::new());
        keep(child.stdout.take().unwrap(), print.clone());
        keep(child.stderr.take().unwrap(), print);
        Self { child, printed }
    }

    /// Everything printed so far.
    pub(crate) fn printed(&self) -> String {
        self.printed.borrow().clone()
    }

    /// Waits for a line that contains the text, and returns it.
    pub(crate) async fn line(&mut self, with: &str) -> String {
        let shown = self.printed.wait_for(|printed| line(printed, with).is_some());
        let in_time = matches!(timeout(PATIENCE, shown).await, Ok(Ok(_)));
        let printed = self.printed();
        assert!(in_time, "{with:?} was not printed:\n{printed}");
        line(&printed, with).unwrap().to_owned()
    }

    /// Kills the process and returns everything that it printed.
    pub(crate) async fn kill(mut self) -> (ExitStatus, String) {
        self.child.kill().unwrap();
        self.end().await
    }

    /// Waits for the end. Returns the status and everything printed.
    pub(crate) async fn end(mut self) -> (ExitStatus, String) {
        // Both pipes close when the last writer ends.
        let closed = timeout(PATIENCE, async { while self.printed.changed().await.is_ok() {} });
        assert!(closed.await.is_ok(), "it does not end:\n{}", self.printed());
        (self.child.wait().unwrap(), self.printed())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A loopback address that was free a moment ago, for a process that cannot choose a port itself.
pub(crate) fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

fn line<'a>(printed: &'a str, with: &str) -> Option<&'a str> {
    printed.lines().find(|line| line.contains(with))
}

fn keep(from: impl Read + Send + 'static, print: watch::Sender<String>) {
    thread::spawn(move || {
        let mut from = BufReader::new(from);
        let mut line = Vec::new();
        while from.read_until(b'\n', &mut line).is_ok_and(|bytes| bytes > 0) {
            print.send_modify(|printed| printed.push_str(&String::from_utf8_lossy(&line)));
            line.clear();
        }
    });
}
