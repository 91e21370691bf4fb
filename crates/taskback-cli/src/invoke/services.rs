use std::error::Error;
use std::ffi::OsString;

use taskback::ledger::LedgerConfig;
use taskback::{Clients, Fnf, Services, Settings, TaskToken, TaskbackBuilder};
use taskback_local::{AdminErrorKind, Attempt, Config, OpenTask, Server, TaskView};

use super::arguments::{Args, ReportTo};
use super::remote;
use crate::environment;
use crate::local::ADDRESS;

/// The local services of this invocation, with their URL.
pub(super) enum LocalServices {
    /// They run in another process.
    External(String),
    /// They were started for this event.
    Started(Box<Server>, String),
}

/// Finds the local services if they are needed, or starts some if that is allowed.
pub(super) async fn locate(args: &Args) -> Result<LocalServices, Box<dyn Error>> {
    let url = args.local.clone().unwrap_or_else(|| format!("http://{ADDRESS}"));
    let needed = args.open || args.services == ReportTo::Local;
    if !needed || remote::is_listening(&url).await? {
        return Ok(LocalServices::External(url));
    }
    if args.open && args.local.is_none() && args.services == ReportTo::Local {
        let server = Server::bind(Config::default()).await?;
        eprintln!("taskback: nothing listens at {url}, starting local services for this event");
        let url = server.url();
        return Ok(LocalServices::Started(Box::new(server), url));
    }
    let hint = if args.open { "" } else { ", or add --open" };
    Err(format!("nothing listens at {url}: start `taskback local`{hint}").into())
}

/// Reads the settings of the environment, with defaults if outcomes go to the local services.
pub(super) fn settings(report_to: ReportTo, url: &str) -> Result<Settings, Box<dyn Error>> {
    if report_to == ReportTo::Environment {
        return Ok(Settings::worker_from_env()?);
    }
    let defaults = [("TASKBACK_SERVICE", "fnf"), ("TASKBACK_STEP", EXAMPLE), ("FNF_ENDPOINT", url)];
    let defaults = defaults.map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Ok(Settings::from_os_vars(defaults.into_iter().chain(environment::vars()))?)
}

/// Returns notes on settings that affect the outcome.
pub(super) fn notes(report_to: ReportTo, settings: &Settings) -> String {
    let mut notes = String::new();
    let mut note = |text: &str| notes.push_str(&format!("taskback: {text}\n"));
    for name in settings.unknown_names() {
        note(&format!("{name}: unknown setting, ignored"));
    }
    let is_memory = settings.ledger == LedgerConfig::Memory;
    match report_to {
        ReportTo::Local => {
            if !environment::is_set("TASKBACK_STEP") {
                note(&format!("TASKBACK_STEP: not set, running the example {EXAMPLE}"));
            }
            if !is_memory {
                note("TASKBACK_LEDGER: ignored with local services, the ledger is in memory");
            }
        }
        ReportTo::Environment if is_memory => note(
            "TASKBACK_LEDGER: the memory ledger does not know the outcomes that workers recorded, so the step runs again and \
             another outcome may be reported; expected the ledger of the workers",
        ),
        ReportTo::Environment => {}
    }
    notes
}

const EXAMPLE: &str = "verify-card";

/// Connects the services that outcomes are reported to, and with the services of the environment the ledger. Queues are
/// not connected: no queue holds the messages of an event in a file.
pub(super) async fn connect(
    builder: TaskbackBuilder,
    report_to: ReportTo,
    url: &str,
    settings: &Settings,
) -> Result<TaskbackBuilder, taskback::Error> {
    match report_to {
        ReportTo::Environment => {
            Ok(builder.connect(&Clients::connect(settings).await).await?.without_queue())
        }
        ReportTo::Local => {
            let fnf = Fnf::local(url)?
                .output_bytes(settings.fnf.max_output_bytes)
                .require_object_output(settings.fnf.require_object_output);
            Ok(builder.services(Services::local(url)?.with(fnf)))
        }
    }
}

impl LocalServices {
    pub(super) fn url(&self) -> &str {
        match self {
            Self::External(url) | Self::Started(_, url) => url,
        }
    }

    /// Opens the tasks of these tokens, closed tasks again. A task that is open does not change.
    pub(super) async fn open(&self, tokens: &[TaskToken]) -> Result<(), Box<dyn Error>> {
        for token in tokens {
            match self {
                Self::External(url) => remote::open(url, token).await?,
                Self::Started(server, _) => {
                    let task = OpenTask::new(token.service()).token(token.clone());
                    let task = OpenTask { reopen: true, ..task };
                    match server.state().open(task) {
                        Err(error) if error.kind() != AdminErrorKind::Conflict => return Err(error.into()),
                        _ => {}
                    }
                }
            }
        }
        Ok(())
    }

    /// The reports that services of this process received, one line each.
    pub(super) fn report_lines(&self) -> String {
        let Self::Started(server, _) = self else { return String::new() };
        server.state().tasks().iter().map(task_lines).collect()
    }
}

fn task_lines(task: &TaskView) -> String {
    let TaskView { fingerprint, service, reports, .. } = task;
    let short = fingerprint.get(..8).unwrap_or(fingerprint);
    if reports.is_empty() {
        return format!("{short} {service} no report\n");
    }
    let line = |report: &Attempt| format!("{short} {service} {} {}\n", report.operation, result(report));
    reports.iter().map(line).collect()
}

fn result(report: &Attempt) -> String {
    let status = report.status.map_or("no response".to_owned(), |status| status.to_string());
    match (&report.code, report.accepted) {
        (Some(code), _) => format!("{status} {code}"),
        (None, true) => format!("{status} accepted"),
        (None, false) => format!("{status} not accepted"),
    }
}
