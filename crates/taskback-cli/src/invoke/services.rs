use std::collections::HashMap;
use std::error::Error;

use taskback::core::TaskToken;
use taskback::{Fnf, Services, Settings};
use taskback_local::{Attempt, Config, ErrorKind, OpenTask, Server, TaskView};

use super::{Args, Told, remote};
use crate::local::ADDRESS;

/// The local services of this invocation.
pub(super) enum Local {
    /// Somebody else's, at that URL.
    There(String),
    /// Ours, for this one event.
    Here(Box<Server>, String),
}

/// Finds the local services where they are needed, or starts some where that is allowed.
pub(super) async fn find(args: &Args) -> Result<Local, Box<dyn Error>> {
    let url = args.local.clone().unwrap_or_else(|| format!("http://{ADDRESS}"));
    let needed = args.open || args.services == Told::Local;
    if !needed || remote::listens(&url).await? {
        return Ok(Local::There(url));
    }
    if args.open && args.local.is_none() && args.services == Told::Local {
        let server = Server::bind(Config::default()).await?;
        eprintln!("taskback: nothing listens at {url}; local services are started for this one event");
        let url = server.url();
        return Ok(Local::Here(Box::new(server), url));
    }
    let hint = if args.open { "" } else { ", or add --open" };
    Err(format!("nothing listens at {url}: start `taskback local`{hint}").into())
}

/// The environment's settings; for the local services with the defaults that they need.
pub(super) fn settings(told: Told, url: &str) -> Result<Settings, Box<dyn Error>> {
    if told == Told::Environment {
        return Ok(Settings::from_env()?);
    }
    let mut vars = HashMap::from([
        ("TASKBACK_SERVICE".to_owned(), "fnf".to_owned()),
        ("FNF_ENDPOINT".to_owned(), url.to_owned()),
    ]);
    // Empty means unset, and what is not UTF-8 is no setting.
    let set = std::env::vars_os().filter(|(_, value)| !value.is_empty());
    vars.extend(set.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))));
    Ok(Settings::from_vars(vars)?)
}

/// The clients that the handler reports with.
pub(super) async fn clients(told: Told, url: &str, settings: &Settings) -> Result<Services, taskback::Error> {
    match told {
        Told::Environment => Services::from_settings(settings).await,
        Told::Local => {
            let fnf = Fnf::local(url)?.output_bytes(settings.fnf.max_output_bytes);
            Ok(Services::local(url)?.with(fnf))
        }
    }
}

impl Local {
    pub(super) fn url(&self) -> &str {
        match self {
            Self::There(url) | Self::Here(_, url) => url,
        }
    }

    /// Opens the tasks of these tokens, the closed ones again; an open one stays as it is.
    pub(super) async fn open(&self, tokens: Vec<TaskToken>) -> Result<(), Box<dyn Error>> {
        for token in tokens {
            match self {
                Self::There(url) => remote::open(url, &token).await?,
                Self::Here(server, _) => {
                    let task = OpenTask { reopen: true, ..OpenTask::new(token.service()).token(token) };
                    match server.state().open(task) {
                        Err(error) if error.kind() != ErrorKind::Conflict => return Err(error.into()),
                        _ => {}
                    }
                }
            }
        }
        Ok(())
    }

    /// The reports that services of ours saw, a line each.
    pub(super) fn seen(&self) -> String {
        let Self::Here(server, _) = self else { return String::new() };
        server.state().tasks().iter().map(lines).collect()
    }
}

fn lines(task: &TaskView) -> String {
    let TaskView { fingerprint, service, reports, .. } = task;
    let short = fingerprint.get(..8).unwrap_or(fingerprint);
    if reports.is_empty() {
        return format!("{short} {service} no report\n");
    }
    let line = |report: &Attempt| format!("{short} {service} {} {}\n", report.operation, answer(report));
    reports.iter().map(line).collect()
}

fn answer(report: &Attempt) -> String {
    let status = report.status.map_or("no answer".to_owned(), |status| status.to_string());
    match (&report.code, report.accepted) {
        (Some(code), _) => format!("{status} {code}"),
        (None, true) => format!("{status} taken"),
        (None, false) => format!("{status} not taken"),
    }
}
