use super::execution::execution;
use super::{Execution, ExecutionStatus, Operation, Paged, Params, sealed};
use crate::fields::Fields;
use crate::{Error, Quota, check};

/// Lists the executions of a flow, page by page.
#[derive(Clone, Debug)]
pub struct ListExecutions {
    flow_name: String,
    limit: Option<u32>,
    next_token: Option<String>,
    status: Option<ExecutionStatus>,
}

impl ListExecutions {
    /// `flow_name`: `[A-Za-z_][A-Za-z0-9_-]{0,127}`.
    pub fn new(flow_name: impl Into<String>) -> Self {
        Self { flow_name: flow_name.into(), limit: None, next_token: None, status: None }
    }

    /// How many executions a page has at most: 1 to 100.
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Where to go on; a page says it.
    pub fn next_token(mut self, token: impl Into<String>) -> Self {
        self.next_token = Some(token.into());
        self
    }

    /// Only those that stand so.
    pub fn status(mut self, status: ExecutionStatus) -> Self {
        self.status = Some(status);
        self
    }
}

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Executions {
    /// In the service's order.
    pub executions: Vec<Execution>,
    /// Absent on the last page.
    pub next_token: Option<String>,
    /// The service's id of the request.
    pub request_id: Option<String>,
}

impl sealed::Operation for ListExecutions {
    const NAME: &'static str = "ListExecutions";
    const METHOD: &'static str = "GET";
    const QUOTA: Quota = Quota::Other;

    fn params(&self) -> Result<Params, Error> {
        check::name("FlowName", &self.flow_name)?;
        if let Some(limit) = self.limit {
            check::number("Limit", limit, 1..=100)?;
        }
        if let Some(status) = &self.status {
            check::present("Status", status.as_str())?;
        }
        Ok(Params::default()
            .query("FlowName", &self.flow_name)
            .query_if("Limit", self.limit.as_ref())
            .query_if("NextToken", self.next_token.as_ref())
            .query_if("Status", self.status.as_ref().map(|status| status.as_str().to_owned()).as_ref()))
    }

    fn answer(fields: &Fields) -> Executions {
        Executions {
            executions: fields.list("Executions").iter().map(execution).collect(),
            next_token: fields.text("NextToken"),
            request_id: fields.text("RequestId"),
        }
    }
}

impl Operation for ListExecutions {
    type Answer = Executions;
}

impl sealed::Paged for ListExecutions {
    type Page = Executions;

    fn page_after(&self, token: String) -> Self {
        self.clone().next_token(token)
    }

    fn into_items(page: Executions) -> (Vec<Execution>, Option<String>) {
        (page.executions, page.next_token)
    }
}

impl Paged for ListExecutions {
    type Item = Execution;
}
