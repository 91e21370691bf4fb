use super::execution::execution;
use super::{Execution, Operation, Params, sealed};
use crate::fields::Fields;
use crate::{Error, Hidden, Quota, check};

/// Stops an execution. The answer may still say `Running`: stopping is asynchronous.
#[derive(Clone, Debug)]
pub struct StopExecution {
    flow_name: String,
    execution_name: String,
    error: Option<String>,
    cause: Option<Hidden>,
}

impl StopExecution {
    /// Both names as in [`StartExecution::new`](crate::StartExecution::new).
    pub fn new(flow_name: impl Into<String>, execution_name: impl Into<String>) -> Self {
        Self { flow_name: flow_name.into(), execution_name: execution_name.into(), error: None, cause: None }
    }

    /// A code of 1 to 128 characters.
    pub fn error(mut self, error: impl Into<String>) -> Self {
        self.error = Some(error.into());
        self
    }

    /// Why, for people: 1 to 4096 characters.
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

    fn answer(fields: &Fields) -> Execution {
        execution(fields)
    }
}

impl Operation for StopExecution {
    type Answer = Execution;
}
