use std::time::Duration;

use super::params::Params;
use super::request::{Operation, sealed};
use crate::check;
use crate::error::Error;
use crate::fields::Fields;
use crate::hidden::Hidden;
use crate::limiter::Quota;

/// Describes an execution, optionally after waiting for its end.
#[derive(Clone, Debug)]
pub struct DescribeExecution {
    flow_name: String,
    execution_name: String,
    wait_seconds: Option<u32>,
}

impl DescribeExecution {
    /// Describes an execution by names as in [`StartExecution::new`](crate::StartExecution::new).
    pub fn new(flow_name: impl Into<String>, execution_name: impl Into<String>) -> Self {
        Self { flow_name: flow_name.into(), execution_name: execution_name.into(), wait_seconds: None }
    }

    /// Sets the time that the service may wait for the end before it responds: 0 to 60 s. The read timeout of this call
    /// grows by the same time.
    pub fn wait_seconds(mut self, seconds: u32) -> Self {
        self.wait_seconds = Some(seconds);
        self
    }
}

/// One execution of a flow. The service leaves out values that it does not know yet.
#[derive(Clone, Debug)]
pub struct Execution {
    /// The flow's name.
    pub flow_name: Option<String>,
    /// The execution's name.
    pub name: Option<String>,
    /// Its status.
    pub status: ExecutionStatus,
    /// Its input, JSON text.
    pub input: Option<Hidden>,
    /// Its output, JSON text.
    pub output: Option<Hidden>,
    /// Its RAM role.
    pub role_arn: Option<String>,
    /// The definition of its flow, YAML text.
    pub flow_definition: Option<String>,
    /// Its start time, RFC 3339, unchanged from the service.
    pub started_time: Option<String>,
    /// Its end time, RFC 3339, unchanged from the service.
    pub stopped_time: Option<String>,
    /// The service's id of the request; absent in a list.
    pub request_id: Option<String>,
}

/// The status of an execution.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ExecutionStatus {
    /// About to run.
    Starting,
    /// Running.
    Running,
    /// Ended by StopExecution.
    Stopped,
    /// Ended with success.
    Succeeded,
    /// Ended with an error.
    Failed,
    /// Ended by its timeout.
    TimedOut,
    /// Any other status. The service is known to send an empty one.
    Unknown(String),
}

impl ExecutionStatus {
    /// True if the execution has ended. An unknown status has not.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Stopped | Self::Succeeded | Self::Failed | Self::TimedOut)
    }

    /// Returns the status as the service spells it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Starting => "Starting",
            Self::Running => "Running",
            Self::Stopped => "Stopped",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::TimedOut => "TimedOut",
            Self::Unknown(word) => word,
        }
    }
}

impl From<&str> for ExecutionStatus {
    fn from(word: &str) -> Self {
        match word {
            "Starting" => Self::Starting,
            "Running" => Self::Running,
            "Stopped" => Self::Stopped,
            "Succeeded" => Self::Succeeded,
            "Failed" => Self::Failed,
            "TimedOut" => Self::TimedOut,
            other => Self::Unknown(other.to_owned()),
        }
    }
}

impl sealed::Operation for DescribeExecution {
    const NAME: &'static str = "DescribeExecution";
    const METHOD: &'static str = "GET";
    const QUOTA: Quota = Quota::Query;
    /// Input and output of 64 KiB each, as JSON within JSON.
    const MAX_RESPONSE: usize = 1 << 20;

    fn params(&self) -> Result<Params, Error> {
        check::name("FlowName", &self.flow_name)?;
        check::name("ExecutionName", &self.execution_name)?;
        if let Some(seconds) = self.wait_seconds {
            check::number("WaitTimeSeconds", seconds, 0..=60)?;
        }
        Ok(Params::default()
            .query("FlowName", &self.flow_name)
            .query("ExecutionName", &self.execution_name)
            .query_if("WaitTimeSeconds", self.wait_seconds.as_ref()))
    }

    fn wait(&self) -> Duration {
        Duration::from_secs(self.wait_seconds.unwrap_or(0).into())
    }

    fn parse(fields: &Fields<'_>) -> Execution {
        parse_execution(fields)
    }
}

impl Operation for DescribeExecution {
    type Response = Execution;
}

pub(super) fn parse_execution(fields: &Fields<'_>) -> Execution {
    Execution {
        flow_name: fields.text("FlowName"),
        name: fields.text("Name"),
        status: ExecutionStatus::from(fields.text("Status").unwrap_or_default().as_str()),
        input: fields.hidden("Input"),
        output: fields.hidden("Output"),
        role_arn: fields.text("RoleArn"),
        flow_definition: fields.text("FlowDefinition"),
        started_time: fields.text("StartedTime"),
        stopped_time: fields.text("StoppedTime"),
        request_id: fields.text("RequestId"),
    }
}
