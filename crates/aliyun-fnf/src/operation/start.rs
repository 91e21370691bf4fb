use super::execution::{Execution, parse_execution};
use super::params::Params;
use super::request::{Operation, sealed};
use crate::check;
use crate::error::Error;
use crate::fields::Fields;
use crate::hidden::Hidden;
use crate::limiter::Quota;

/// Starts an execution of a flow, which must be in Standard mode.
///
/// For the name of a running execution the service returns that execution, and for the name of an ended one
/// [`AlreadyExists`](crate::ErrorKind::AlreadyExists).
#[derive(Clone, Debug)]
pub struct StartExecution {
    flow_name: String,
    execution_name: Option<String>,
    input: Option<Hidden>,
    callback_task_token: Option<Hidden>,
    qualifier: Option<String>,
}

impl StartExecution {
    /// Starts the flow with this name: `[A-Za-z_][A-Za-z0-9_-]{0,127}`, like every flow and execution name.
    pub fn new(flow_name: impl Into<String>) -> Self {
        let flow_name = flow_name.into();
        Self { flow_name, execution_name: None, input: None, callback_task_token: None, qualifier: None }
    }

    /// Sets the name of the execution; without it the service generates one.
    pub fn execution_name(mut self, name: impl Into<String>) -> Self {
        self.execution_name = Some(name.into());
        self
    }

    /// Sets the input, a JSON object as text. It does not change a running execution of the same name.
    pub fn input(mut self, json: impl Into<String>) -> Self {
        self.input = Some(Hidden::from(json));
        self
    }

    /// Sets the waiting task that the end of this execution is reported to; 1 to 4096 characters.
    pub fn callback_task_token(mut self, token: impl Into<String>) -> Self {
        self.callback_task_token = Some(Hidden::from(token));
        self
    }

    /// Sets the version or alias of the flow.
    pub fn qualifier(mut self, qualifier: impl Into<String>) -> Self {
        self.qualifier = Some(qualifier.into());
        self
    }
}

impl sealed::Operation for StartExecution {
    const NAME: &'static str = "StartExecution";
    const METHOD: &'static str = "POST";
    const QUOTA: Quota = Quota::Start;

    fn params(&self) -> Result<Params, Error> {
        check::name("FlowName", &self.flow_name)?;
        let mut params = Params::default().body("FlowName", &self.flow_name);
        if let Some(name) = &self.execution_name {
            check::name("ExecutionName", name)?;
            params = params.body("ExecutionName", name);
        }
        if let Some(input) = &self.input {
            check::json_object("Input", input)?;
            params = params.body("Input", &**input);
        }
        if let Some(token) = &self.callback_task_token {
            check::chars("CallbackFnFTaskToken", token, 1..=4096)?;
            params = params.body("CallbackFnFTaskToken", &**token).secret(token);
        }
        if let Some(qualifier) = &self.qualifier {
            check::present("Qualifier", qualifier)?;
        }
        Ok(params.body_if("Qualifier", self.qualifier.as_ref()))
    }

    fn parse(fields: &Fields<'_>) -> Execution {
        parse_execution(fields)
    }
}

impl Operation for StartExecution {
    type Response = Execution;
}
