//! A command of the page, as an operator types it.

use std::collections::BTreeSet;
use std::process::Stdio;

use super::commands::{ROWS, Row};
use super::page;
use super::world::World;
use crate::process::Process;
use crate::run::{Ran, run};

pub(super) struct Typed<'a> {
    world: &'a World,
    row: &'static Row,
    text: String,
    filled: BTreeSet<String>,
    vars: Vec<(&'static str, String)>,
}

impl<'a> Typed<'a> {
    /// A command of the table. Its placeholders are still there.
    pub(super) fn new(world: &'a World, section: &str, command: &str) -> Self {
        let row = ROWS.iter().find(|row| row.section == section && row.command == command);
        let row = row.unwrap_or_else(|| panic!("{section} has no row for {command:?}"));
        Self { world, row, text: row.command.to_owned(), filled: BTreeSet::new(), vars: Vec::new() }
    }

    /// Puts a value in the place of a word.
    pub(super) fn with(mut self, word: &str, value: impl AsRef<str>) -> Self {
        let text = page::fill_in(&self.text, word, value.as_ref());
        assert_ne!(text, self.text, "{word} is not a word of the command");
        self.text = text;
        self.filled.insert(word.to_owned());
        self
    }

    pub(super) fn env(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.vars.push((name, value.into()));
        self
    }

    /// Runs the command behind the exports so far, and checks its end by the table.
    pub(super) async fn run(self) -> Ran {
        let (world, row) = (self.world, self.row);
        if self.text.starts_with("export ") {
            world.session().exports.push(self.text.clone());
        }
        let mut command = self.command("");
        // On another thread, since the services run on this runtime.
        let ran = tokio::task::spawn_blocking(move || run(command.stdin(Stdio::null()))).await.unwrap();
        world.checked(row, Some(ran.code), &format!("{}{}", ran.stdout, ran.stderr));
        ran
    }

    /// Starts a command that runs until it is stopped.
    pub(super) fn start(self) -> (Process, &'static Row) {
        (Process::start(&mut self.command("exec ")), self.row)
    }

    fn command(&self, prefix: &str) -> std::process::Command {
        let mut left = page::placeholders(self.row.command);
        left.retain(|word| !self.filled.contains(*word));
        assert!(left.is_empty(), "{left:?} of {} are not filled in", self.row.command);
        let mut lines = self.world.session().exports.clone();
        if !self.text.starts_with("export ") {
            lines.push(format!("{prefix}{}", self.text));
        }
        let mut command = self.world.shell(&lines.join("\n"), self.text.starts_with("taskback "));
        command.envs(self.vars.iter().map(|(name, value)| (*name, value)));
        command
    }
}
