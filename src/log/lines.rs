//! Lines to stdout that no slow reader delays: neither heartbeats nor reports wait for a log.
//!
//! A line is written at once where stdout takes it, so that it is out before a host freezes the process. Where it would
//! have to wait, a thread writes it. The number of waiting bytes is bounded.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// The maximum number of waiting bytes; a line beyond is dropped and counted.
const MAX_BYTES: usize = 1 << 20;

/// The bytes that a ready pipe takes without blocking: a page on Linux, and the minimum of POSIX elsewhere.
const CHUNK: usize = if cfg!(target_os = "linux") { 4096 } else { 512 };

/// Stdout, or in tests a pipe. Clones share it.
#[derive(Clone)]
pub(super) struct Lines(Arc<Inner>);

struct Inner {
    out: File,
    /// Called with the number of dropped lines once the reader reads again.
    announce: fn(u64),
    /// Starts what writes the waiting lines.
    start_drain: fn(Lines) -> io::Result<()>,
    state: Mutex<State>,
    drained: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Vec<u8>>,
    bytes: usize,
    dropped: u64,
    /// A thread writes. Until it ends, all lines go through it, in their order.
    is_draining: bool,
}

impl Lines {
    pub(super) fn new(out: File, announce: fn(u64)) -> Self {
        Self::with_drain(out, announce, |lines| {
            thread::Builder::new().name("taskback-log".into()).spawn(move || lines.drain()).map(|_| ())
        })
    }

    fn with_drain(out: File, announce: fn(u64), start_drain: fn(Self) -> io::Result<()>) -> Self {
        let (state, drained) = (Mutex::default(), Condvar::new());
        Self(Arc::new(Inner { out, announce, start_drain, state, drained }))
    }

    /// This process's stdout.
    pub(super) fn stdout(announce: fn(u64)) -> io::Result<Self> {
        #[cfg(unix)]
        let stdout = std::os::fd::AsFd::as_fd(&io::stdout()).try_clone_to_owned()?;
        #[cfg(windows)]
        let stdout = std::os::windows::io::AsHandle::as_handle(&io::stdout()).try_clone_to_owned()?;
        Ok(Self::new(File::from(stdout), announce))
    }

    /// Waits until no line waits any more, at most for `patience`.
    pub(super) fn flush(&self, patience: Duration) {
        let mut state = self.state();
        if !state.is_draining {
            self.write_waiting_now(&mut state);
        }
        // The lines that still wait at the end of the patience are lost with the process.
        let _ = self.0.drained.wait_timeout_while(state, patience, |state| state.is_draining);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn line(&self, line: &[u8]) {
        let mut state = self.state();
        if !state.is_draining {
            self.write_waiting_now(&mut state);
        }
        let rest = if state.waiting.is_empty() && !state.is_draining { self.write_now(line) } else { line };
        if rest.is_empty() {
            return;
        }
        if state.bytes + rest.len() > MAX_BYTES {
            state.dropped += 1;
            return;
        }
        state.bytes += rest.len();
        state.waiting.push_back(rest.to_vec());
        if !state.is_draining {
            // Without a thread the line waits for the next one, which comes after it.
            state.is_draining = (self.0.start_drain)(self.clone()).is_ok();
        }
    }

    /// Writes as much of the waiting lines as stdout takes now, where no thread does.
    fn write_waiting_now(&self, state: &mut State) {
        while let Some(line) = state.waiting.pop_front() {
            let rest = self.write_now(&line).to_vec();
            state.bytes -= line.len() - rest.len();
            if !rest.is_empty() {
                state.waiting.push_front(rest);
                return;
            }
        }
    }

    /// Writes as much as stdout takes now, and returns the rest.
    fn write_now<'l>(&self, mut line: &'l [u8]) -> &'l [u8] {
        while !line.is_empty() && self.takes_more() {
            match (&self.0.out).write(&line[..line.len().min(CHUNK)]) {
                Ok(bytes) => line = &line[bytes..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                // The reader is gone.
                Err(_) => return &[],
            }
        }
        line
    }

    #[cfg(unix)]
    fn takes_more(&self) -> bool {
        self.poll(Some(&rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 }))
    }

    #[cfg(not(unix))]
    fn takes_more(&self) -> bool {
        true
    }

    /// Returns `true` if a write does not block, if only because of an error.
    #[cfg(unix)]
    fn poll(&self, patience: Option<&rustix::event::Timespec>) -> bool {
        use rustix::event::{PollFd, PollFlags, poll};
        let mut out = [PollFd::new(&self.0.out, PollFlags::OUT)];
        poll(&mut out, patience).is_ok_and(|ready| ready > 0)
    }

    /// Writes the waiting lines until there are none.
    fn drain(&self) {
        loop {
            let mut state = self.state();
            if let Some(line) = state.waiting.pop_front() {
                drop(state);
                self.write_waiting(&line);
                // A line that is being written counts as waiting.
                self.state().bytes -= line.len();
            } else if state.dropped > 0 {
                let dropped = std::mem::take(&mut state.dropped);
                drop(state);
                // A line like any other: it comes to the queue.
                (self.0.announce)(dropped);
            } else {
                state.is_draining = false;
                self.0.drained.notify_all();
                return;
            }
        }
    }

    fn write_waiting(&self, mut line: &[u8]) {
        while !line.is_empty() {
            match (&self.0.out).write(line) {
                Ok(bytes) => line = &line[bytes..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                #[cfg(unix)]
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.poll(None);
                }
                Err(_) => return,
            }
        }
    }
}

/// Takes one event at a time, with its line end.
impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.line(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests;
