//! The step of the shipped worker, from the text of a setting to the step itself.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

#[cfg(feature = "external-steps")]
use super::command::{CommandLine, CommandStep};
use super::contract::Step;
use super::function::IntoStep;
#[cfg(feature = "external-steps")]
use super::handler::HandlerStep;
#[cfg(feature = "external-steps")]
use super::http::{HttpStep, StepUrl};
#[cfg(feature = "external-steps")]
use super::program;
use super::router::{RouteKey, Router, UnroutedPolicy};
use super::terminal_errors::TerminalErrors;
use super::verify_card::verify_card;
use crate::error::{Error, ErrorKind};
use crate::redact::shown;

/// The error of a shipped worker without a step.
pub(crate) const NOT_SET: &str = "TASKBACK_STEP: not set, expected the step of the tasks: command:…, handler:…, https://… or a \
                                  JSON object of several; verify-card is the example";

/// The step of the shipped worker.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum StepConfig {
    /// The example.
    VerifyCard,
    /// A program for each task.
    #[cfg(feature = "external-steps")]
    Command(CommandLine),
    /// Processes that run a Lambda handler.
    #[cfg(feature = "external-steps")]
    Handler(CommandLine),
    /// A request for each task.
    #[cfg(feature = "external-steps")]
    Http(StepUrl),
    /// Several, by the task's type.
    Routes(Routes),
}

/// The settings of steps outside of this process.
#[cfg_attr(not(feature = "external-steps"), expect(dead_code, reason = "there are no such steps"))]
pub(crate) struct StepOptions {
    pub(crate) terminal: TerminalErrors,
    pub(crate) handlers: NonZeroUsize,
    pub(crate) handler_time: Option<Duration>,
}

/// Parses the text of one step, whose scheme is known; `allowed` is the one host beside loopback for plain HTTP.
type Parse = fn(text: &str, allowed: Option<&str>) -> Result<StepConfig, String>;

/// The kinds of steps, by the scheme of their text.
const SCHEMES: &[(&str, Parse)] = &[
    #[cfg(feature = "external-steps")]
    ("command", |text, _| {
        CommandLine::parse(text.strip_prefix("command:").unwrap_or(text)).map(StepConfig::Command)
    }),
    #[cfg(feature = "external-steps")]
    ("handler", |text, _| {
        CommandLine::parse(text.strip_prefix("handler:").unwrap_or(text)).map(StepConfig::Handler)
    }),
    #[cfg(feature = "external-steps")]
    ("http", |text, allowed| StepUrl::parse(text, allowed).map(StepConfig::Http)),
    #[cfg(feature = "external-steps")]
    ("https", |text, allowed| StepUrl::parse(text, allowed).map(StepConfig::Http)),
    #[cfg(not(feature = "external-steps"))]
    ("command", |_, _| Err("is command:…, which needs the feature external-steps".into())),
    #[cfg(not(feature = "external-steps"))]
    ("handler", |_, _| Err("is handler:…, which needs the feature external-steps".into())),
    #[cfg(not(feature = "external-steps"))]
    ("http", |_, _| Err("is http:…, which needs the feature external-steps".into())),
    #[cfg(not(feature = "external-steps"))]
    ("https", |_, _| Err("is https:…, which needs the feature external-steps".into())),
];

impl StepConfig {
    /// Parses the value of `TASKBACK_STEP`; an error for each part that is wrong. `allowed` is the one host beside
    /// loopback for plain HTTP.
    pub(crate) fn parse(text: &str, allowed: Option<&str>) -> Result<Self, Vec<String>> {
        if text.trim_start().starts_with('{') {
            routes(text, allowed).map(Self::Routes)
        } else {
            one(text, allowed).map_err(|error| vec![error])
        }
    }

    #[cfg_attr(not(feature = "external-steps"), expect(clippy::only_used_in_recursion))]
    pub(crate) fn build(&self, options: &StepOptions) -> Result<Arc<dyn Step>, Error> {
        Ok(match self {
            Self::VerifyCard => Arc::new(verify_card.into_step()),
            #[cfg(feature = "external-steps")]
            Self::Command(line) => {
                Arc::new(CommandStep::new(line.clone()).terminal_errors(options.terminal.clone()))
            }
            #[cfg(feature = "external-steps")]
            Self::Handler(line) => {
                let step = HandlerStep::new(line.clone()).handlers(options.handlers);
                let step = step.terminal_errors(options.terminal.clone());
                let step = options.handler_time.into_iter().fold(step, HandlerStep::max_time);
                // So that the start of the processes is a part of this one's.
                step.start();
                Arc::new(step)
            }
            #[cfg(feature = "external-steps")]
            Self::Http(url) => {
                Arc::new(HttpStep::new(url.clone())?.terminal_errors(options.terminal.clone()))
            }
            Self::Routes(routes) => {
                let router = Router::new(routes.by.clone()).unrouted(routes.unknown);
                let add = |router: Router, (kind, step): (_, &Self)| {
                    Ok::<_, Error>(router.route(kind, step.build(options)?))
                };
                Arc::new(routes.on.iter().try_fold(router, add)?)
            }
        })
    }

    /// Returns an error for each program that cannot be run. Arguments may hold secrets and are not shown.
    fn missing(&self, field: &str) -> Vec<String> {
        match self {
            Self::VerifyCard => Vec::new(),
            #[cfg(feature = "external-steps")]
            Self::Http(_) => Vec::new(),
            #[cfg(feature = "external-steps")]
            Self::Command(line) | Self::Handler(line) => program::problem(&line.program)
                .map(|reason| format!("{field}: program {:?} cannot be run: {reason}", line.program))
                .into_iter()
                .collect(),
            Self::Routes(routes) => {
                let each = routes.on.iter();
                each.flat_map(|(kind, step)| step.missing(&format!("{field} for kind {}", shown(kind))))
                    .collect()
            }
        }
    }
}

/// Returns the step of the settings. An error names every program that cannot be run.
pub(crate) fn configured(config: &StepConfig, options: &StepOptions) -> Result<Arc<dyn Step>, Error> {
    let missing = config.missing("TASKBACK_STEP");
    if missing.is_empty() {
        config.build(options)
    } else {
        Err(Error::new(ErrorKind::Unusable, missing.join("; ")))
    }
}

/// Several steps in one worker, written as a JSON object:
/// `{"by": "activity", "on": {"verify": "command:./verify", "refund": "https://…"}, "unknown": "fail"}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Routes {
    /// `by`: the source of a task's type.
    pub by: RouteKey,
    /// `on`: the step of each type, written as `TASKBACK_STEP` is where there is one only.
    pub on: BTreeMap<String, StepConfig>,
    /// `unknown`: the choice for a task of another type.
    pub unknown: UnroutedPolicy,
}

/// Parses one step. An error never shows what may hold a secret: arguments and URLs.
fn one(text: &str, allowed: Option<&str>) -> Result<StepConfig, String> {
    if text == "verify-card" {
        return Ok(StepConfig::VerifyCard);
    }
    let scheme = text.split_once(':').map(|(scheme, _)| scheme);
    match SCHEMES.iter().find(|(name, _)| Some(*name) == scheme) {
        Some((_, parse)) => parse(text, allowed),
        None => Err(
            "is neither verify-card, command:…, handler:…, https://… nor a JSON object of them; it may hold a secret \
             and is not shown"
                .into(),
        ),
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
    let mut errors = Vec::new();
    let by = match &*written.by {
        "activity" => RouteKey::Activity,
        pointer if pointer.starts_with('/') => RouteKey::Field(pointer.to_owned()),
        other => {
            errors.push(format!("has an invalid by {}, expected activity or a JSON pointer", shown(other)));
            RouteKey::Activity
        }
    };
    let unknown = match written.unknown.as_deref() {
        None | Some("retry") => UnroutedPolicy::Retry,
        Some("fail") => UnroutedPolicy::Fail,
        Some(other) => {
            errors.push(format!("has an invalid unknown {}, expected retry or fail", shown(other)));
            UnroutedPolicy::Retry
        }
    };
    if written.on.is_empty() {
        errors.push("needs a step in its member on".into());
    }
    let mut on = BTreeMap::new();
    for (kind, text) in written.on {
        match one(&text, allowed) {
            Ok(step) => {
                on.insert(kind, step);
            }
            Err(error) => errors.push(format!("for kind {} {error}", shown(&kind))),
        }
    }
    if errors.is_empty() { Ok(Routes { by, on, unknown }) } else { Err(errors) }
}
