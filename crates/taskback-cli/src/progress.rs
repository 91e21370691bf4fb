//! The progress of a command that may take long, on stderr.

use std::io::{self, IsTerminal};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// One line that changes on a terminal, a plain line now and then elsewhere. It has no colours.
pub(crate) struct Progress(Shown);

enum Shown {
    Line(ProgressBar),
    Lines(Mutex<Instant>),
    Nothing,
}

/// The time between two plain lines, and before the first one.
const PAUSE: Duration = Duration::from_secs(10);
const FRAME: Duration = Duration::from_millis(120);

impl Progress {
    /// Begins, with `text` for what is going on. Shows nothing where not `enabled`: the output is for a program.
    pub(crate) fn new(enabled: bool, text: impl Into<String>) -> Self {
        let progress = Self(if !enabled {
            Shown::Nothing
        } else if io::stderr().is_terminal() {
            Shown::Line(line())
        } else {
            Shown::Lines(Mutex::new(Instant::now()))
        });
        progress.show(text);
        progress
    }

    /// Shows what is going on now.
    pub(crate) fn show(&self, text: impl Into<String>) {
        match &self.0 {
            Shown::Line(line) => line.set_message(text.into()),
            Shown::Lines(last) => {
                let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
                if last.elapsed() >= PAUSE {
                    *last = Instant::now();
                    eprintln!("taskback: {}", text.into());
                }
            }
            Shown::Nothing => {}
        }
    }

    /// Runs what writes to the terminal, while the line is not there.
    pub(crate) fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.0 {
            Shown::Line(line) => line.suspend(write),
            Shown::Lines(_) | Shown::Nothing => write(),
        }
    }

    /// Runs `work`, and shows every second that it goes on.
    pub(crate) async fn during<T>(&self, text: &str, work: impl Future<Output = T>) -> T {
        let began = Instant::now();
        let mut ticks = tokio::time::interval(Duration::from_secs(1));
        tokio::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                _ = ticks.tick() => self.show(format!("{text}, for {} s", began.elapsed().as_secs())),
            }
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Shown::Line(line) = &self.0 {
            line.finish_and_clear();
        }
    }
}

fn line() -> ProgressBar {
    let line = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
        line.set_style(style.tick_chars("|/-\\ "));
    }
    line.enable_steady_tick(FRAME);
    line
}
