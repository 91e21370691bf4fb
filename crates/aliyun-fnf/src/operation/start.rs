use super::execution::execution;
use super::{Execution, Operation, Params, sealed};
use crate::fields::Fields;
use crate::{Error, Hidden, Quota, check};

/// Starts an execution of a flow, which must be in Standard mode.
///
/// By the service's rules a name that is running returns the running execution, and one that has
/// ended is [`AlreadyExists`](crate::ErrorKind::AlreadyExists).
#[derive(Clone, Debug)]
pub struct StartExecution {
    flow_name: String,
    execution_name: Option<String>,
    input: Option<Hidden>,
    callback_task_token: Option<Hidden>,
    qualifier: Option<String>,
}

impl StartExecution {
    /// `flow_name`: `[A-Za-z_][A-Za-z0-9_-]{0,127}`, as every flow and execution name.
    pub fn new(flow_name: impl Into<String>) -> Self {
        let flow_name = flow_name.into();
        Self { flow_name, execution_name: None, input: None, callback_task_token: None, qualifier: None }
    }

    /// Without one the service makes a name.
    pub fn execution_name(mut self, name: impl Into<String>) -> Self {
        self.execution_name = Some(name.into());
        self
    }

    /// A JSON object, as text. A running execution of the same name keeps its own input.
    pub fn input(mut self, json: impl Into<String>) -> Self {
        self.input = Some(Hidden::from(json));
        self
    }

    /// The waiting task to call back when this execution ends; 1 to 4096 characters.
    pub fn callback_task_token(mut self, token: impl Into<String>) -> Self {
        self.callback_task_token = Some(Hidden::from(token));
        self
    }

    /// The version or alias of the flow.
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

    fn answer(fields: &Fields) -> Execution {
        execution(fields)
    }
}

impl Operation for StartExecution {
    type Answer = Execution;
}
