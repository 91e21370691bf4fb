//! A step's program with all that it started: signals reach nothing else, and none of it stays as a zombie.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};

use super::orphans;

/// A program that leads a process group. The group is killed when this ends or is dropped.
///
/// The program's id is the group's. It is kept from being used again by not reaping the program before the group was
/// sent its last signal.
pub(crate) struct Group(Option<Program>);

impl Group {
    /// Starts the program in a group of its own.
    pub(crate) fn spawn(command: &mut Command) -> io::Result<Self> {
        command.process_group(0);
        let child = orphans::spawn(command)?;
        let program = i32::try_from(child.id()).ok().and_then(Pid::from_raw).map(|id| Program {
            child,
            id,
            reaped: false,
        });
        program.map(|program| Self(Some(program))).ok_or_else(|| io::Error::other("a process without an id"))
    }

    /// The program, for its pipes.
    pub(crate) fn child(&mut self) -> Option<&mut Child> {
        self.0.as_mut().map(|program| &mut program.child)
    }

    /// Waits until the program has ended. It is not reaped yet.
    pub(crate) async fn ended(&self) -> io::Result<()> {
        match &self.0 {
            Some(program) => program.ended().await,
            None => Ok(()),
        }
    }

    /// Sends a signal to all of the group.
    pub(crate) fn signal(&self, signal: Signal) {
        if let Some(program) = &self.0 {
            // Nothing of it may be left.
            let _ = kill_process_group(program.id, signal);
        }
    }

    /// Kills what is left of the group, and returns how the program ended.
    pub(crate) fn finish(mut self) -> io::Result<ExitStatus> {
        self.signal(Signal::KILL);
        match self.0.take() {
            Some(program) => program.reap(),
            None => Err(io::Error::other("the command has ended before")),
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        if let (Some(program), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(async move {
                if program.ended().await.is_ok() {
                    drop(program.reap());
                }
            });
        }
    }
}

/// A program that is reaped here and nowhere else.
struct Program {
    child: Child,
    id: Pid,
    reaped: bool,
}

impl Program {
    async fn ended(&self) -> io::Result<()> {
        // Before the first look, so that no end goes unseen.
        let mut ends = signal(SignalKind::child())?;
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        while waitid(WaitId::Pid(self.id), look)?.is_none() {
            ends.recv().await;
        }
        Ok(())
    }

    /// Blocks unless the program has ended.
    fn reap(mut self) -> io::Result<ExitStatus> {
        self.reaped = true;
        let status = orphans::reap(&mut self.child);
        orphans::follow(self.id);
        status
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if !self.reaped {
            orphans::disown(&self.child);
        }
    }
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Stdio;

    use super::*;

    fn state(id: u32) -> Option<String> {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        Some(stat.rsplit_once(')')?.1.trim_start().chars().take(1).collect())
    }

    fn shell(script: &str) -> Group {
        Group::spawn(Command::new("/bin/sh").args(["-c", script]).stdin(Stdio::null())).unwrap()
    }

    /// Else the id could belong to another process when the group is killed.
    #[tokio::test]
    async fn program_is_reaped_after_the_last_signal() {
        let mut group = shell("exit 7");
        let id = group.child().unwrap().id();
        for _ in 0..2 {
            group.ended().await.unwrap();
            assert_eq!(state(id).as_deref(), Some("Z"));
        }
        group.signal(Signal::TERM);
        assert_eq!(group.finish().unwrap().code(), Some(7));
        assert_eq!(state(id), None);
    }

    /// As process 1 of a container would, without touching children that it started by other means.
    #[tokio::test]
    async fn adopting_process_reaps_the_group() {
        rustix::process::set_child_subreaper(Some(rustix::process::getpid())).unwrap();
        let mut other = Command::new("/bin/true").spawn().unwrap();
        let group = shell("sleep 300 & sh -c 'sleep 300 & wait' & exit 7");
        let id = group.0.as_ref().unwrap().id;
        group.ended().await.unwrap();
        assert_eq!(group.finish().unwrap().code(), Some(7));
        let mut ends = signal(SignalKind::child()).unwrap();
        // Members that are left, dead or alive, can be waited for.
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        while waitid(WaitId::Pgid(Some(id)), look).is_ok() {
            tokio::select! {
                _ = ends.recv() => {}
                () = tokio::task::yield_now() => {}
            }
        }
        assert!(other.wait().unwrap().success());
    }

    #[tokio::test]
    async fn dropped_program_is_killed_and_reaped() {
        let mut group = shell("while :; do sleep 300; done");
        let id = group.child().unwrap().id();
        drop(group);
        let mut ends = signal(SignalKind::child()).unwrap();
        while state(id).is_some() {
            tokio::select! {
                _ = ends.recv() => {}
                () = tokio::task::yield_now() => {}
            }
        }
    }
}
