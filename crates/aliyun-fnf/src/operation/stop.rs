use super::execution::{Execution, parse_execution};
use super::params::Params;
use super::request::{Operation, sealed};
use crate::check;
use crate::error::Error;
use crate::fields::Fields;
use crate::hidden::Hidden;
use crate::limiter::Quota;

/// Stops an execution. The response may still have the status `Running`, because stopping is asynchronous.
#[derive(Clone, Debug)]
pub struct StopExecution {
    flow_name: String,
    execution_name: String,
    error: Option<String>,
    cause: Option<Hidden>,
}

impl StopExecution {
    /// Stops an execution by names as in [`StartExecution::new`](crate::StartExecution::new).
    pub fn new(flow_name: impl Into<String>, execution_name: impl Into<String>) -> Self {
        Self { flow_name: flow_name.into(), execution_name: execution_name.into(), error: None, cause: None }
    }

    /// Sets the error, a code of 1 to 128 characters.
    pub fn error(mut self, error: impl Into<String>) -> Self {
        self.error = Some(error.into());
        self
    }

    /// Sets the cause, a text of 1 to 4096 characters.
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(Hidden::from(cause));
        self
    }
}

impl sealed::Operation for StopExecution {
    const NAME: &'static str = "StopExecution";
    const METHOD: &'static str = "POST";
    const QUOTA: Quota = Quota::Other;

    fn params(&self) -> Result<Params, Error> {
        check::name("FlowName", &self.flow_name)?;
        check::name("ExecutionName", &self.execution_name)?;
        let mut params =
            Params::default().body("FlowName", &self.flow_name).body("ExecutionName", &self.execution_name);
        if let Some(error) = &self.error {
            check::chars("Error", error, 1..=128)?;
            params = params.body("Error", error);
        }
        if let Some(cause) = &self.cause {
            check::chars("Cause", cause, 1..=4096)?;
            params = params.body("Cause", &**cause);
        }
        Ok(params)
    }

    fn parse(fields: &Fields<'_>) -> Execution {
        parse_execution(fields)
    }
}

impl Operation for StopExecution {
    type Response = Execution;
}
