//! `TASKBACK_STEP`: which step the shipped worker runs.

#[cfg(feature = "outside")]
mod outside;

use std::collections::BTreeMap;

use serde::Deserialize;

use super::read::{Reader, shown};

#[cfg(feature = "outside")]
pub use outside::{CommandLine, StepUrl};

/// The step of the shipped worker.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum StepChoice {
    /// The example.
    VerifyCard,
    /// A program for each task.
    #[cfg(feature = "outside")]
    Command(CommandLine),
    /// A request for each task.
    #[cfg(feature = "outside")]
    Http(StepUrl),
    /// Several, by the task's type.
    Routes(Routes),
}

impl StepChoice {
    /// Whether it may hold up its thread: a command's start waits for the file system.
    pub(crate) fn blocks(&self) -> bool {
        match self {
            Self::VerifyCard => false,
            #[cfg(feature = "outside")]
            Self::Http(_) => false,
            #[cfg(feature = "outside")]
            Self::Command(_) => true,
            Self::Routes(routes) => routes.on.values().any(Self::blocks),
        }
    }
}

/// Several steps in one worker, written as a JSON object:
/// `{"by": "activity", "on": {"verify": "command:./verify", "refund": "https://…"}, "unknown": "fail"}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Routes {
    /// `by`: what a task's type is.
    pub by: RoutedBy,
    /// `on`: the step of each type, written as `TASKBACK_STEP` is where there is one only.
    pub on: BTreeMap<String, StepChoice>,
    /// `unknown`: what becomes of a task of another type.
    pub unknown: UnknownTask,
}

/// What a task's type is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoutedBy {
    /// `activity`: the name of its SWF activity type, where the message says it.
    Activity,
    /// A JSON pointer, such as `/kind`: the text at that place of its input.
    Field(String),
}

/// What becomes of a task that no step is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownTask {
    /// `keep`: it comes back, and ends as a dead letter unless a worker that knows it comes first.
    #[default]
    Keep,
    /// `fail`: the workflow is told `UnknownType` at once.
    Fail,
}

const NAME: &str = "TASKBACK_STEP";
const ALLOW: &str = "TASKBACK_STEP_ALLOW_HTTP_HOST";

pub(super) fn read(read: &mut Reader) -> StepChoice {
    let allowed = read.text(ALLOW);
    let Some(text) = read.text(NAME) else { return StepChoice::VerifyCard };
    let chosen = match text.trim_start().starts_with('{') {
        true => routes(&text, allowed.as_deref()).map(StepChoice::Routes),
        false => one(&text, allowed.as_deref()).map_err(|fault| vec![fault]),
    };
    chosen.unwrap_or_else(|faults| {
        faults.into_iter().for_each(|fault| read.fault(&format!("{NAME} {fault}")));
        StepChoice::VerifyCard
    })
}

/// One step. A fault never shows what may hold a secret: arguments and URLs.
#[cfg_attr(not(feature = "outside"), expect(unused_variables))]
fn one(text: &str, allowed: Option<&str>) -> Result<StepChoice, String> {
    match text.split_once(':') {
        None if text == "verify-card" => Ok(StepChoice::VerifyCard),
        #[cfg(feature = "outside")]
        Some(("command", line)) => CommandLine::parse(line).map(StepChoice::Command),
        #[cfg(feature = "outside")]
        Some(("http" | "https", _)) => StepUrl::parse(text, allowed).map(StepChoice::Http),
        #[cfg(not(feature = "outside"))]
        Some((kind @ ("command" | "http" | "https"), _)) => {
            Err(format!("is {kind}:…, which needs the feature outside"))
        }
        _ => {
            let start = text.split_once(':').map_or(text, |(start, _)| start);
            Err(format!(
                "is {}, and may be verify-card, command:…, https://… or a JSON object of them",
                shown(start)
            ))
        }
    }
}

fn routes(text: &str, allowed: Option<&str>) -> Result<Routes, Vec<String>> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Written {
        by: String,
        on: BTreeMap<String, String>,
        unknown: Option<String>,
    }
    let written: Written = serde_json::from_str(text).map_err(|error| {
        // Its own text may show a value.
        let (line, column) = (error.line(), error.column());
        vec![format!(
            "is a JSON object that is wrong at line {line}, column {column}: it has by, a text, on, an object of \
             texts, and perhaps unknown"
        )]
    })?;
    let mut faults = Vec::new();
    let by = match &*written.by {
        "activity" => RoutedBy::Activity,
        pointer if pointer.starts_with('/') => RoutedBy::Field(pointer.to_owned()),
        other => {
            faults.push(format!("has by {}, and may have activity or a JSON pointer", shown(other)));
            RoutedBy::Activity
        }
    };
    let unknown = match written.unknown.as_deref() {
        None | Some("keep") => UnknownTask::Keep,
        Some("fail") => UnknownTask::Fail,
        Some(other) => {
            faults.push(format!("has unknown {}, and may have keep or fail", shown(other)));
            UnknownTask::Keep
        }
    };
    if written.on.is_empty() {
        faults.push("has no step in on".into());
    }
    let mut on = BTreeMap::new();
    for (kind, text) in written.on {
        match one(&text, allowed) {
            Ok(step) => drop(on.insert(kind, step)),
            Err(fault) => faults.push(format!("for {} {fault}", shown(&kind))),
        }
    }
    if faults.is_empty() { Ok(Routes { by, on, unknown }) } else { Err(faults) }
}

#[cfg(test)]
mod tests;
