//! Environment → typed settings, once. Every fault is named at start, all at once.

mod fc;
#[cfg(feature = "sqs")]
mod poller;
mod read;
mod step;

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use taskback_core::{Reading, Service, fnf};

pub use fc::FcSettings;
#[cfg(feature = "sqs")]
pub use poller::PollerSettings;
use read::Reader;
#[cfg(feature = "outside")]
pub use step::{CommandLine, StepUrl};
pub use step::{RoutedBy, Routes, StepChoice, UnknownTask};

/// The settings of a handler. An empty variable counts as unset.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// `TASKBACK_SERVICE`, `TASKBACK_TOKEN_POINTER`, `TASKBACK_INPUT_POINTER`: how a body is read.
    pub reading: Reading,
    /// `TASKBACK_CONCURRENCY`: steps at once in one invocation, 1 to 1000; default 10.
    pub concurrency: usize,
    /// `TASKBACK_MAX_RECEIVES`: the queue's maxReceiveCount, 1 to 1000; unset = no last-delivery
    /// rule.
    pub max_receives: Option<u32>,
    /// `TASKBACK_LEDGER`: `memory` (default) or `dynamodb:TABLE`, where a table's name has 3 to 255 of
    /// `A-Z a-z 0-9 _ . -`.
    pub ledger: LedgerChoice,
    /// `TASKBACK_LEDGER_DOWN`: `closed` (default) or `open`.
    pub ledger_down: LedgerDown,
    /// `TASKBACK_STEP`: the step of the shipped worker: `verify-card` (default), `command:…`,
    /// `https://…`, or `http://…` to loopback and the host of `TASKBACK_STEP_ALLOW_HTTP_HOST`; or a JSON
    /// object of several, by the task's type: see [`Routes`].
    pub step: StepChoice,
    /// `TASKBACK_HEARTBEAT_SECONDS`: between SWF heartbeats where the message says no timeout, 1 to
    /// 86400; default 30.
    pub heartbeat: Duration,
    /// `TASKBACK_HEARTBEAT_FIRST`: `on` or `off` (default): one heartbeat before the step asks
    /// whether the task is still open.
    pub heartbeat_first: bool,
    /// `TASKBACK_SWF_HISTORY`: `on` or `off` (default): settle by the workflow's history who closed
    /// a task that was found closed.
    pub swf_history: bool,
    /// `TASKBACK_LATE`: `done` (default) or `keep`: a task that was closed, not by us.
    pub late: LateTasks,
    /// `FNF_*`.
    pub fnf: FnfSettings,
    /// `TASKBACK_FC_*`, `FC_*`: Function Compute.
    pub fc: FcSettings,
    aws_endpoints: HashMap<String, String>,
}

/// Where FnF is. Without region and endpoint there is no client for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FnfSettings {
    /// `FNF_REGION`, such as `cn-hangzhou`.
    pub region: Option<String>,
    /// `FNF_ENDPOINT`, in place of the region's.
    pub endpoint: Option<String>,
    /// `FNF_ALLOW_HTTP_HOST`: the one host beside loopback that may be spoken to in plain HTTP.
    pub allow_http_host: Option<String>,
    /// `FNF_SECRET_ID`: ARN or name of the secret in AWS Secrets Manager that holds the credentials; without
    /// it they come from where every Alibaba Cloud SDK looks.
    pub secret_id: Option<String>,
    /// `FNF_MAX_OUTPUT_BYTES`: of an output in UTF-8, 1 to 1048576; default 65536.
    pub max_output_bytes: usize,
}

/// Where claims and outcomes are remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LedgerChoice {
    /// In this process.
    Memory,
    /// In a DynamoDB table, whose form [`DynamoDb`](crate::ledger::DynamoDb) describes.
    #[cfg(feature = "dynamodb")]
    DynamoDb {
        /// Its name.
        table: String,
    },
}

/// What to do where the ledger cannot be asked at the claim.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LedgerDown {
    /// Keep the message, do not run the step.
    #[default]
    Closed,
    /// Run the step without it.
    Open,
}

/// What becomes of the message of a task that was closed, not by us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LateTasks {
    /// It is Done: nobody waits any more.
    #[default]
    Done,
    /// It is Kept, for the dead-letter queue.
    Keep,
}

/// Everything that is wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError(pub Vec<String>);

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "settings: {}", self.0.join("; "))
    }
}

impl std::error::Error for SettingsError {}

impl Settings {
    /// The settings of this process's environment.
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::from_vars(env())
    }

    /// The settings of the given variables.
    pub fn from_vars(vars: impl IntoIterator<Item = (String, String)>) -> Result<Self, SettingsError> {
        let mut read = Reader::new(vars);
        let settings = Self {
            reading: Reading {
                service: read.one_of("TASKBACK_SERVICE", &[("fnf", Service::Fnf), ("swf", Service::Swf)]),
                token_pointer: read.pointer("TASKBACK_TOKEN_POINTER"),
                input_pointer: read.pointer("TASKBACK_INPUT_POINTER"),
            },
            concurrency: read.number("TASKBACK_CONCURRENCY", 1, 1000).unwrap_or(10) as usize,
            max_receives: read.number("TASKBACK_MAX_RECEIVES", 1, 1000),
            ledger: read.ledger("TASKBACK_LEDGER"),
            ledger_down: read
                .one_of("TASKBACK_LEDGER_DOWN", &[("closed", LedgerDown::Closed), ("open", LedgerDown::Open)])
                .unwrap_or_default(),
            step: step::read(&mut read),
            heartbeat: Duration::from_secs(
                read.number("TASKBACK_HEARTBEAT_SECONDS", 1, 86400).unwrap_or(30).into(),
            ),
            heartbeat_first: read
                .one_of("TASKBACK_HEARTBEAT_FIRST", &[("on", true), ("off", false)])
                .unwrap_or(false),
            swf_history: read
                .one_of("TASKBACK_SWF_HISTORY", &[("on", true), ("off", false)])
                .unwrap_or(false),
            late: read
                .one_of("TASKBACK_LATE", &[("done", LateTasks::Done), ("keep", LateTasks::Keep)])
                .unwrap_or_default(),
            fnf: FnfSettings {
                region: read.text("FNF_REGION"),
                endpoint: read.text("FNF_ENDPOINT"),
                allow_http_host: read.text("FNF_ALLOW_HTTP_HOST"),
                secret_id: read.text("FNF_SECRET_ID"),
                max_output_bytes: read
                    .number("FNF_MAX_OUTPUT_BYTES", 1, 1_048_576)
                    .map_or(fnf::OUTPUT_BYTES, |bytes| bytes as usize),
            },
            fc: FcSettings::read(&mut read),
            aws_endpoints: read.urls("AWS_ENDPOINT_URL"),
        };
        if settings.fnf.secret_id.is_some() && cfg!(not(feature = "secrets")) {
            read.fault("FNF_SECRET_ID is set, which needs the feature secrets");
        }
        if settings.reading.service == Some(Service::Fnf) && !settings.fnf.is_set() {
            read.fault("TASKBACK_SERVICE is fnf, but neither FNF_REGION nor FNF_ENDPOINT is set");
        }
        read.finish(settings)
    }

    /// The endpoint of one AWS service: `None` where `AWS_ENDPOINT_URL_{service}` is absent,
    /// `Some(None)` where it is there and empty, which an SDK would take for a URL.
    pub fn aws_endpoint(&self, service: &str) -> Option<Option<String>> {
        let url = self.aws_endpoints.get(&format!("AWS_ENDPOINT_URL_{service}"))?;
        Some((!url.is_empty()).then(|| url.clone()))
    }
}

/// This process's environment; what is not UTF-8 is none of ours.
fn env() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

impl FnfSettings {
    /// Whether there is anything to build a client from.
    pub fn is_set(&self) -> bool {
        self.region.is_some() || self.endpoint.is_some()
    }
}

#[cfg(test)]
mod tests;
