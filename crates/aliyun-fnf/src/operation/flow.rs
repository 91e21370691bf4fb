use super::params::Params;
use super::request::{Operation, sealed};
use crate::check;
use crate::error::Error;
use crate::fields::Fields;
use crate::limiter::Quota;

/// Creates a flow.
#[derive(Clone, Debug)]
pub struct CreateFlow {
    name: String,
    definition: String,
    description: String,
    role_arn: Option<String>,
    execution_mode: Option<ExecutionMode>,
}

/// The kind of a flow's executions. StartExecution requires a Standard flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExecutionMode {
    /// Short executions without a stored history.
    Express,
    /// Long executions with a history.
    Standard,
}

impl CreateFlow {
    /// Creates a flow. `name`: `[A-Za-z_][A-Za-z0-9_-]{0,127}`. `definition`: YAML text of type FDL. `description`: required by the service, not empty.
    pub fn new(
        name: impl Into<String>,
        definition: impl Into<String>,
        description: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            definition: definition.into(),
            description: description.into(),
            role_arn: None,
            execution_mode: None,
        }
    }

    /// Sets the RAM role of the flow.
    pub fn role_arn(mut self, arn: impl Into<String>) -> Self {
        self.role_arn = Some(arn.into());
        self
    }

    /// Sets the mode; without it the service chooses.
    pub fn execution_mode(mut self, mode: ExecutionMode) -> Self {
        self.execution_mode = Some(mode);
        self
    }
}

/// Describes a flow.
#[derive(Clone, Debug)]
pub struct DescribeFlow {
    name: String,
}

impl DescribeFlow {
    /// Describes the flow with this name: `[A-Za-z_][A-Za-z0-9_-]{0,127}`.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into() }
    }
}

/// Deletes a flow.
#[derive(Clone, Debug)]
pub struct DeleteFlow {
    name: String,
}

impl DeleteFlow {
    /// Deletes the flow with this name: `[A-Za-z_][A-Za-z0-9_-]{0,127}`.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into() }
    }
}

/// A flow.
#[derive(Clone, Debug)]
pub struct Flow {
    /// Its name.
    pub name: Option<String>,
    /// The service's id of the flow.
    pub id: Option<String>,
    /// The definition, YAML text.
    pub definition: Option<String>,
    /// The description.
    pub description: Option<String>,
    /// The language of the definition: `FDL`.
    pub flow_type: Option<String>,
    /// The RAM role of the flow.
    pub role_arn: Option<String>,
    /// `Express` or `Standard`, unchanged from the service.
    pub execution_mode: Option<String>,
    /// The creation time, RFC 3339, unchanged from the service.
    pub created_time: Option<String>,
    /// The time of the last change, RFC 3339, unchanged from the service.
    pub last_modified_time: Option<String>,
    /// The service's id of the request.
    pub request_id: Option<String>,
}

/// The deletion of a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// The service's id of the request.
    pub request_id: Option<String>,
}

impl sealed::Operation for CreateFlow {
    const NAME: &'static str = "CreateFlow";
    const METHOD: &'static str = "POST";
    const QUOTA: Quota = Quota::Other;
    /// The definition, limited by the size of a request, as JSON within JSON.
    const MAX_RESPONSE: usize = 8 << 20;

    fn params(&self) -> Result<Params, Error> {
        check::name("Name", &self.name)?;
        check::present("Definition", &self.definition)?;
        check::present("Description", &self.description)?;
        let mode = self.execution_mode.map(|mode| match mode {
            ExecutionMode::Express => "Express",
            ExecutionMode::Standard => "Standard",
        });
        Ok(Params::default()
            .body("Name", &self.name)
            .body("Definition", &self.definition)
            .body("Description", &self.description)
            .body("Type", "FDL")
            .body_if("RoleArn", self.role_arn.as_ref())
            .body_if("ExecutionMode", mode.as_ref()))
    }

    fn parse(fields: &Fields<'_>) -> Flow {
        flow(fields)
    }
}

impl Operation for CreateFlow {
    type Response = Flow;
}

impl sealed::Operation for DescribeFlow {
    const NAME: &'static str = "DescribeFlow";
    const METHOD: &'static str = "GET";
    const QUOTA: Quota = Quota::Other;
    /// The definition, limited by the size of a request, as JSON within JSON.
    const MAX_RESPONSE: usize = 8 << 20;

    fn params(&self) -> Result<Params, Error> {
        check::name("Name", &self.name)?;
        Ok(Params::default().query("Name", &self.name))
    }

    fn parse(fields: &Fields<'_>) -> Flow {
        flow(fields)
    }
}

impl Operation for DescribeFlow {
    type Response = Flow;
}

impl sealed::Operation for DeleteFlow {
    const NAME: &'static str = "DeleteFlow";
    const METHOD: &'static str = "POST";
    const QUOTA: Quota = Quota::Other;

    fn params(&self) -> Result<Params, Error> {
        check::name("Name", &self.name)?;
        Ok(Params::default().body("Name", &self.name))
    }

    fn parse(fields: &Fields<'_>) -> Deleted {
        Deleted { request_id: fields.text("RequestId") }
    }
}

impl Operation for DeleteFlow {
    type Response = Deleted;
}

fn flow(fields: &Fields<'_>) -> Flow {
    Flow {
        name: fields.text("Name"),
        id: fields.text("Id"),
        definition: fields.text("Definition"),
        description: fields.text("Description"),
        flow_type: fields.text("Type"),
        role_arn: fields.text("RoleArn"),
        execution_mode: fields.text("ExecutionMode"),
        created_time: fields.text("CreatedTime"),
        last_modified_time: fields.text("LastModifiedTime"),
        request_id: fields.text("RequestId"),
    }
}
