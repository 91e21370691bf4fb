use std::collections::BTreeSet;
use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::time::Duration;

use taskback_core::{MessageFormat, Service};

use super::error::SettingsError;
use super::read::Reader;
use super::{aws, fc, fnf, names, poller, step, terminal_errors};
use crate::adapter::{ClosedTaskPolicy, LedgerFailurePolicy};
use crate::aws::endpoints::Endpoints;
use crate::defaults;
use crate::environment;
use crate::host::fc::config::FcConfig;
use crate::ledger::LedgerConfig;
use crate::metrics::MetricsFormat;
use crate::service::fnf::config::FnfConfig;
use crate::step::{NOT_SET, StepConfig, TerminalErrors};

/// The settings of a handler. An empty variable counts as unset.
///
/// ```
/// use taskback::Settings;
///
/// let vars = [("TASKBACK_MAX_RECEIVES", "5"), ("TASKBACK_LEDGER", "memory")];
/// let settings = Settings::from_vars(vars.map(|(name, value)| (name.into(), value.into())))?;
/// assert_eq!((settings.max_receives, settings.concurrency), (Some(5), 10));
///
/// let wrong = [("TASKBACK_SERVICE".to_owned(), "sqs".to_owned())];
/// assert!(Settings::from_vars(wrong).unwrap_err().to_string().contains("TASKBACK_SERVICE"));
/// # Ok::<(), taskback::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// `TASKBACK_SERVICE`, `TASKBACK_TOKEN_POINTER`, `TASKBACK_INPUT_POINTER`: the format of bodies.
    pub message_format: MessageFormat,
    /// `TASKBACK_CONCURRENCY`: steps at once in one invocation, 1 to 1000; default 10.
    pub concurrency: usize,
    /// `TASKBACK_MAX_RECEIVES`: the queue's maxReceiveCount, 1 to 1000; unset = no last-delivery
    /// rule.
    pub max_receives: Option<u32>,
    /// `TASKBACK_LEDGER`: `memory` (default), or a store that processes share: see [`LedgerConfig`].
    pub ledger: LedgerConfig,
    /// `TASKBACK_LEASE_SECONDS`: the longest lease of a task, 2 to 3600; default 60.
    pub lease: Duration,
    /// `TASKBACK_LEDGER_FAILURE`: `fail-closed` (default) or `fail-open`.
    pub ledger_failure: LedgerFailurePolicy,
    /// `TASKBACK_STEP`: the step of the shipped worker, which does not start without it: `verify-card` (the
    /// example), `command:…`, `handler:…`, `https://…`, or `http://…` to loopback and the host of
    /// `TASKBACK_STEP_ALLOW_HTTP_HOST`; or a JSON object of several, by the task's type: see [`Routes`](crate::Routes).
    pub step: Option<StepConfig>,
    /// `TASKBACK_TERMINAL_ERRORS`: exit codes, statuses and errors of handlers that fail a task for good beside
    /// those that always do.
    pub terminal_errors: TerminalErrors,
    /// `TASKBACK_HANDLERS`: processes of a step `handler:…`, and so its tasks at once, 1 to 100; default 1.
    pub handlers: NonZeroUsize,
    /// `TASKBACK_HANDLER_SECONDS`: the time of one task of a step `handler:…`, 1 to 86400; unset = the time for
    /// steps.
    pub handler_time: Option<Duration>,
    /// `TASKBACK_EXEC_WRAPPER`: another wrapper of the function's runtime, which the Lambda layer runs between itself
    /// and the runtime.
    pub exec_wrapper: Option<String>,
    /// `TASKBACK_HEARTBEAT_SECONDS`: between SWF heartbeats where the message says no timeout, 1 to
    /// 86400; default 30.
    pub heartbeat: Duration,
    /// `TASKBACK_HEARTBEAT_FIRST`: `on` or `off` (default): one heartbeat before the step asks
    /// whether the task is still open.
    pub heartbeat_first: bool,
    /// `TASKBACK_ASK_HISTORY`: `on` or `off` (default): settle by the workflow's history who closed
    /// a task that was found closed.
    pub ask_history: bool,
    /// `TASKBACK_ON_CLOSED`: `ack` (default) or `nack`: a task that was closed, not by us.
    pub closed_tasks: ClosedTaskPolicy,
    /// `TASKBACK_METRICS`: `off` (default) or `emf`: the metrics of a function.
    pub metrics: MetricsFormat,
    /// `FNF_*`.
    pub fnf: FnfConfig,
    /// `TASKBACK_FC_*`, `FC_*`: Function Compute.
    pub fc: FcConfig,
    aws_endpoints: Endpoints,
    unknown: Vec<String>,
}

impl Settings {
    /// Reads the settings of this process's environment.
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::from_os_vars(environment::vars())
    }

    /// Reads the settings of the given variables; of two with one name the later counts.
    pub fn from_vars(vars: impl IntoIterator<Item = (String, String)>) -> Result<Self, SettingsError> {
        Self::from_os_vars(vars.into_iter().map(|(name, value)| (name.into(), value.into())))
    }

    /// As [`from_vars`](Self::from_vars), for variables as the system has them: a setting whose value is not
    /// UTF-8 is an error.
    pub fn from_os_vars(vars: impl IntoIterator<Item = (OsString, OsString)>) -> Result<Self, SettingsError> {
        Self::checked(Reader::new(vars))
    }

    /// As [`from_os_vars`](Self::from_os_vars), for the shipped worker: without `TASKBACK_STEP` it is an error, since
    /// the step decides what is reported for real tasks.
    pub fn worker_from_os_vars(
        vars: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, SettingsError> {
        let mut read = Reader::new(vars);
        if !read.is_set("TASKBACK_STEP") {
            read.error(NOT_SET);
        }
        Self::checked(read)
    }

    /// As [`worker_from_os_vars`](Self::worker_from_os_vars), for this process's environment.
    pub fn worker_from_env() -> Result<Self, SettingsError> {
        Self::worker_from_os_vars(environment::vars())
    }

    fn checked(mut read: Reader) -> Result<Self, SettingsError> {
        let mut settings = Self::read(&mut read);
        let names::Checked { errors, mut unknown } = names::check(read.names(), &known());
        errors.iter().for_each(|error| read.error(error));
        unknown.sort();
        settings.unknown = unknown;
        read.finish(settings)
    }

    fn read(read: &mut Reader) -> Self {
        #[cfg(any(feature = "aws", feature = "external-steps", feature = "fnf"))]
        super::network::check(read);
        let service = read.one_of("TASKBACK_SERVICE", &Service::ALL.map(|service| (service.name(), service)));
        Self {
            message_format: MessageFormat {
                service,
                token_pointer: read.pointer("TASKBACK_TOKEN_POINTER"),
                input_pointer: read.pointer("TASKBACK_INPUT_POINTER"),
            },
            concurrency: read
                .number("TASKBACK_CONCURRENCY", 1, 1000)
                .map_or(defaults::CONCURRENCY, |steps| steps as usize),
            max_receives: read.number("TASKBACK_MAX_RECEIVES", 1, 1000),
            ledger: read.parsed("TASKBACK_LEDGER", LedgerConfig::parse).unwrap_or_default(),
            lease: read
                .number("TASKBACK_LEASE_SECONDS", 2, 3600)
                .map_or(defaults::LEASE, |seconds| Duration::from_secs(seconds.into())),
            ledger_failure: read
                .one_of(
                    "TASKBACK_LEDGER_FAILURE",
                    &[
                        ("fail-closed", LedgerFailurePolicy::FailClosed),
                        ("fail-open", LedgerFailurePolicy::FailOpen),
                    ],
                )
                .unwrap_or_default(),
            step: step::read(read),
            terminal_errors: terminal_errors::read(read),
            handlers: read
                .number("TASKBACK_HANDLERS", 1, 100)
                .and_then(|handlers| NonZeroUsize::new(handlers as usize))
                .unwrap_or(NonZeroUsize::MIN),
            handler_time: read
                .number("TASKBACK_HANDLER_SECONDS", 1, 86400)
                .map(|seconds| Duration::from_secs(seconds.into())),
            exec_wrapper: read.text("TASKBACK_EXEC_WRAPPER"),
            heartbeat: read
                .number("TASKBACK_HEARTBEAT_SECONDS", 1, 86400)
                .map_or(defaults::HEARTBEAT, |seconds| Duration::from_secs(seconds.into())),
            heartbeat_first: read.on_or_off("TASKBACK_HEARTBEAT_FIRST").unwrap_or(false),
            ask_history: read.on_or_off("TASKBACK_ASK_HISTORY").unwrap_or(false),
            closed_tasks: read
                .one_of(
                    "TASKBACK_ON_CLOSED",
                    &[("ack", ClosedTaskPolicy::Ack), ("nack", ClosedTaskPolicy::Nack)],
                )
                .unwrap_or_default(),
            metrics: read
                .one_of("TASKBACK_METRICS", &[("off", MetricsFormat::Off), ("emf", MetricsFormat::Emf)])
                .unwrap_or_default(),
            fnf: fnf::read(read, service),
            fc: fc::read(read),
            aws_endpoints: aws::read(read),
            unknown: Vec::new(),
        }
    }

    /// The endpoints of AWS services.
    #[cfg(feature = "aws")]
    pub(crate) fn aws_endpoints(&self) -> &Endpoints {
        &self.aws_endpoints
    }

    /// The names of variables of `TASKBACK_` that no program of taskback reads, and that no setting is close to.
    pub fn unknown_names(&self) -> &[String] {
        &self.unknown
    }
}

/// The names that all programs of taskback read, found by reading an environment where nothing is set: a list of its
/// own would go stale.
fn known() -> BTreeSet<String> {
    let mut read = Reader::new([]);
    Settings::read(&mut read);
    poller::read(&mut read);
    read.into_asked()
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
