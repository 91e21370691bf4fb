//! A handler process under load.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;
use serde::Deserialize;

use crate::cores::Cores;
use crate::error::Error;
use crate::host::{Host, ServiceResponse};

/// A measured handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The shipped worker.
    Worker,
    /// The shipped worker without a log line for each report.
    WorkerSilent,
    BareTrimmed,
    BareDefault,
    PowertoolsSync,
    PowertoolsAsync,
    /// boto3 by hand, one record after the other.
    BotoSync,
    /// boto3 by hand, one thread a record.
    BotoThreads,
}

impl Kind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Worker => "taskback",
            Self::WorkerSilent => "taskback, silent",
            Self::BareTrimmed => "bare, trimmed",
            Self::BareDefault => "bare, defaults",
            Self::PowertoolsSync => "Powertools, sync",
            Self::PowertoolsAsync => "Powertools, async",
            Self::BotoSync => "boto3, sync",
            Self::BotoThreads => "boto3, threads",
        }
    }

    const fn program(self) -> &'static str {
        match self {
            Self::Worker | Self::WorkerSilent => "worker",
            Self::BareTrimmed => "bare-trimmed",
            Self::BareDefault => "bare-default",
            Self::PowertoolsSync | Self::PowertoolsAsync | Self::BotoSync | Self::BotoThreads => "python",
        }
    }

    fn command(self, bins: &Path) -> Command {
        let mut command = Command::new(bins.join(self.program()));
        command.env_clear();
        match self {
            Self::PowertoolsSync => command.args(["-m", "awslambdaric", "powertools_batch.handler"]),
            Self::PowertoolsAsync => command.args(["-m", "awslambdaric", "powertools_batch.async_handler"]),
            Self::BotoSync => command.args(["-m", "awslambdaric", "boto3_by_hand.handler"]),
            Self::BotoThreads => command.args(["-m", "awslambdaric", "boto3_by_hand.threads_handler"]),
            Self::WorkerSilent => command.env("RUST_LOG", "warn"),
            Self::Worker | Self::BareTrimmed | Self::BareDefault => &mut command,
        };
        command
    }
}

/// The programs and their cores.
#[derive(Clone, Debug)]
pub struct Place {
    pub bins: PathBuf,
    pub cores: Cores,
}

impl Place {
    /// Returns the handlers that were built, in this order.
    pub fn built(&self, kinds: &[Kind]) -> Vec<Kind> {
        kinds.iter().copied().filter(|kind| self.bins.join(kind.program()).exists()).collect()
    }
}

pub struct Handler {
    child: Child,
    host: Host,
    pub started_in: Duration,
}

impl Handler {
    /// Starts it and waits until it asks for the first event. `vars` are added to what a function
    /// finds in its environment, and nothing else is there.
    pub async fn start(place: &Place, kind: Kind, vars: &[(&str, String)]) -> Result<Self, Error> {
        let host = Host::start().await?;
        let mut command = kind.command(&place.bins);
        command
            // Unless the scenario has another.
            .env("TASKBACK_STEP", "verify-card")
            .envs(vars.iter().map(|(name, value)| (name, value)))
            .env("AWS_LAMBDA_RUNTIME_API", host.address.to_string())
            .envs([
                ("AWS_LAMBDA_FUNCTION_NAME", "bench"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1769"),
                ("AWS_LAMBDA_LOG_GROUP_NAME", "bench"),
                ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
                ("AWS_REGION", "us-east-1"),
                ("AWS_DEFAULT_REGION", "us-east-1"),
                ("AWS_ACCESS_KEY_ID", "bench"),
                ("AWS_SECRET_ACCESS_KEY", "bench"),
                ("AWS_EC2_METADATA_DISABLED", "true"),
                ("AWS_CONFIG_FILE", "/dev/null"),
                ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
                ("POWERTOOLS_METRICS_DISABLED", "true"),
            ])
            .current_dir(&place.bins)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let began = Instant::now();
        let child = place.cores.on_handlers(|| command.spawn())?;
        let mut handler = Self { child, host, started_in: Duration::ZERO };
        handler.started_in = handler.host.first_next().await?.duration_since(began);
        Ok(handler)
    }

    /// Invokes the handler and returns the time and the ids of the messages that it nacked.
    pub async fn invoke(&self, event: Bytes, time: Duration) -> Result<(Duration, Vec<String>), Error> {
        let ServiceResponse { body, failed, took } = self.host.invoke(event, time).await?;
        if failed {
            return Err(format!("the invocation failed: {}", String::from_utf8_lossy(&body)).into());
        }
        let partial: Partial = serde_json::from_slice(&body)?;
        Ok((took, partial.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()))
    }

    /// CPU time of all threads so far, also of those that ended, user and system.
    pub fn cpu(&self) -> Result<Duration, Error> {
        cpu_of(&self.child)
    }

    /// The most memory that was resident so far, in bytes.
    pub fn peak_memory(&self) -> Result<u64, Error> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
    }
}

/// CPU time of all threads of a process so far, also of those that ended, user and system.
pub fn cpu_of(child: &Child) -> Result<Duration, Error> {
    let clock = clock_getcpuclockid(Pid::from_raw(child.id().try_into()?))?;
    Ok(clock_gettime(clock)?.into())
}

/// As Lambda does it to an environment that it no longer needs.
impl Drop for Handler {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Partial {
    batch_item_failures: Vec<Failure>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}
