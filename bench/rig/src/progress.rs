//! The scenario that is measured now, on stderr.

use std::io::{self, IsTerminal};

use indicatif::{ProgressBar, ProgressStyle};

/// A bar on a terminal, a line for each scenario elsewhere. It has no colours, and is drawn between scenarios only: a
/// thread that redraws it would share the core of the load.
pub struct Progress {
    bar: Option<ProgressBar>,
    scenarios: usize,
}

impl Progress {
    /// Begins to measure that many scenarios.
    pub fn new(scenarios: usize) -> Self {
        let bar = io::stderr().is_terminal().then(|| bar(scenarios));
        Self { bar, scenarios }
    }

    /// Shows the scenario that begins, the first one with index 0.
    pub fn begin(&self, index: usize, scenario: &str) {
        let text = format!("measuring {} of {}: {scenario}", index + 1, self.scenarios);
        match &self.bar {
            Some(bar) => {
                bar.set_position(index as u64);
                bar.set_message(text);
            }
            None => eprintln!("{text}"),
        }
    }

    /// Runs what prints results, while the bar is not there.
    pub fn suspend(&self, print: impl FnOnce()) {
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(scenarios: usize) -> ProgressBar {
    let bar = ProgressBar::new(scenarios as u64);
    match ProgressStyle::with_template("[{bar:24}] {wide_msg}") {
        Ok(style) => bar.with_style(style.progress_chars("=> ")),
        Err(_) => bar,
    }
}
