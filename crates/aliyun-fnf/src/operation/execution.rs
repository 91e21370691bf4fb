use std::time::Duration;

use super::{Operation, Params, sealed};
use crate::fields::Fields;
use crate::{Error, Hidden, Quota, check};

/// Reads an execution, waiting for its end if asked to.
#[derive(Clone, Debug)]
pub struct DescribeExecution {
    flow_name: String,
    execution_name: String,
    wait_seconds: Option<u32>,
}

impl DescribeExecution {
    /// Both names as in [`StartExecution::new`](crate::StartExecution::new).
    pub fn new(flow_name: impl Into<String>, execution_name: impl Into<String>) -> Self {
        Self { flow_name: flow_name.into(), execution_name: execution_name.into(), wait_seconds: None }
    }

    /// How long the service may wait for the end before it answers: 0 to 60 s. The read timeout of
    /// this call grows by as much.
    pub fn wait_seconds(mut self, seconds: u32) -> Self {
        self.wait_seconds = Some(seconds);
        self
    }
}

/// One execution of a flow. The service leaves out what it does not know yet.
#[derive(Clone, Debug)]
pub struct Execution {
    /// The flow's name.
    pub flow_name: Option<String>,
    /// The execution's name.
    pub name: Option<String>,
    /// Where it stands.
    pub status: ExecutionStatus,
    /// The input it was started with, JSON text.
    pub input: Option<Hidden>,
    /// What it ended with, JSON text.
    pub output: Option<Hidden>,
    /// The RAM role that it acts as.
    pub role_arn: Option<String>,
    /// The definition that it runs, YAML text.
    pub flow_definition: Option<String>,
    /// When it started: RFC 3339, as the service wrote it.
    pub started_time: Option<String>,
    /// When it ended: RFC 3339, as the service wrote it.
    pub stopped_time: Option<String>,
    /// The service's id of the request; absent in a list.
    pub request_id: Option<String>,
}

/// Where an execution stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ExecutionStatus {
    /// About to run.
    Starting,
    /// Running.
    Running,
    /// Ended by StopExecution.
    Stopped,
    /// Ended well.
    Succeeded,
    /// Ended with an error.
    Failed,
    /// Ended by its time limit.
    TimedOut,
    /// Anything else. The service is known to send an empty status.
    Unknown(String),
}

impl ExecutionStatus {
    /// Whether the execution has ended. An unknown status has not.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Stopped | Self::Succeeded | Self::Failed | Self::TimedOut)
    }

    /// The service's word.
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

    fn answer(fields: &Fields) -> Execution {
        execution(fields)
    }
}

impl Operation for DescribeExecution {
    type Answer = Execution;
}

pub(super) fn execution(fields: &Fields) -> Execution {
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
