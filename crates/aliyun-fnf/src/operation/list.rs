use super::execution::{Execution, ExecutionStatus, parse_execution};
use super::params::Params;
use super::request::{Operation, Paged, sealed};
use crate::check;
use crate::error::Error;
use crate::fields::Fields;
use crate::limiter::Quota;

/// Lists the executions of a flow, page by page.
#[derive(Clone, Debug)]
pub struct ListExecutions {
    flow_name: String,
    limit: Option<u32>,
    next_token: Option<String>,
    status: Option<ExecutionStatus>,
}

impl ListExecutions {
    /// Lists the executions of the flow with this name: `[A-Za-z_][A-Za-z0-9_-]{0,127}`.
    pub fn new(flow_name: impl Into<String>) -> Self {
        Self { flow_name: flow_name.into(), limit: None, next_token: None, status: None }
    }

    /// Sets the maximum number of executions of a page: 1 to 100.
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Sets the page to read, by the token of the previous page.
    pub fn next_token(mut self, token: impl Into<String>) -> Self {
        self.next_token = Some(token.into());
        self
    }

    /// Lists only executions with this status.
    pub fn status(mut self, status: ExecutionStatus) -> Self {
        self.status = Some(status);
        self
    }
}

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Executions {
    /// The executions in the service's order.
    pub executions: Vec<Execution>,
    /// The token of the next page; absent on the last page.
    pub next_token: Option<String>,
    /// The service's id of the request.
    pub request_id: Option<String>,
}

impl sealed::Operation for ListExecutions {
    const NAME: &'static str = "ListExecutions";
    const METHOD: &'static str = "GET";
    const QUOTA: Quota = Quota::Other;
    /// 100 executions with inputs and outputs of 64 KiB.
    const MAX_RESPONSE: usize = 64 << 20;

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

    fn parse(fields: &Fields<'_>) -> Executions {
        Executions {
            executions: fields.list("Executions").iter().map(parse_execution).collect(),
            next_token: fields.text("NextToken"),
            request_id: fields.text("RequestId"),
        }
    }
}

impl Operation for ListExecutions {
    type Response = Executions;
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
