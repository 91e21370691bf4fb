use super::params::Params;
use super::request::{Operation, Paged, sealed};
use crate::check;
use crate::error::Error;
use crate::fields::Fields;
use crate::hidden::Hidden;
use crate::limiter::Quota;

/// Reads the history of an execution, page by page.
#[derive(Clone, Debug)]
pub struct GetExecutionHistory {
    flow_name: String,
    execution_name: String,
    limit: Option<u32>,
    next_token: Option<String>,
}

impl GetExecutionHistory {
    /// Reads the history of an execution by its names: `[A-Za-z_][A-Za-z0-9_-]{0,127}`.
    pub fn new(flow_name: impl Into<String>, execution_name: impl Into<String>) -> Self {
        let (flow_name, execution_name) = (flow_name.into(), execution_name.into());
        Self { flow_name, execution_name, limit: None, next_token: None }
    }

    /// Sets the maximum number of events of a page: 1 to 1000.
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Sets the page to read, by the token of the previous page.
    pub fn next_token(mut self, token: impl Into<String>) -> Self {
        self.next_token = Some(token.into());
        self
    }
}

/// One page of a history.
#[derive(Clone, Debug)]
pub struct History {
    /// The events in the order of their ids.
    pub events: Vec<Event>,
    /// The token of the next page; absent on the last page.
    pub next_token: Option<String>,
    /// The service's id of the request.
    pub request_id: Option<String>,
}

/// An event in the history of an execution.
#[derive(Clone, Debug)]
pub struct Event {
    /// The type, such as `StepEntered`, `TaskSucceeded`, `ExecutionFailed`.
    pub event_type: Option<String>,
    /// The number of the event within the execution.
    pub event_id: Option<i64>,
    /// The id of the event that caused this one.
    pub schedule_event_id: Option<i64>,
    /// The step of the flow.
    pub step_name: Option<String>,
    /// The time, RFC 3339, unchanged from the service.
    pub time: Option<String>,
    /// Details as JSON text, which can contain task tokens.
    pub detail: Option<Hidden>,
}

impl sealed::Operation for GetExecutionHistory {
    const NAME: &'static str = "GetExecutionHistory";
    const METHOD: &'static str = "GET";
    const QUOTA: Quota = Quota::Query;
    /// 1000 events of 64 KiB.
    const MAX_RESPONSE: usize = 64 << 20;

    fn params(&self) -> Result<Params, Error> {
        check::name("FlowName", &self.flow_name)?;
        check::name("ExecutionName", &self.execution_name)?;
        if let Some(limit) = self.limit {
            check::number("Limit", limit, 1..=1000)?;
        }
        Ok(Params::default()
            .query("FlowName", &self.flow_name)
            .query("ExecutionName", &self.execution_name)
            .query_if("Limit", self.limit.as_ref())
            .query_if("NextToken", self.next_token.as_ref()))
    }

    fn parse(fields: &Fields<'_>) -> History {
        History {
            events: fields.list("Events").iter().map(event).collect(),
            next_token: fields.text("NextToken"),
            request_id: fields.text("RequestId"),
        }
    }
}

impl Operation for GetExecutionHistory {
    type Response = History;
}

impl sealed::Paged for GetExecutionHistory {
    type Page = History;

    fn page_after(&self, token: String) -> Self {
        self.clone().next_token(token)
    }

    fn into_items(page: History) -> (Vec<Event>, Option<String>) {
        (page.events, page.next_token)
    }
}

impl Paged for GetExecutionHistory {
    type Item = Event;
}

fn event(fields: &Fields<'_>) -> Event {
    Event {
        event_type: fields.text("Type"),
        event_id: fields.int("EventId"),
        schedule_event_id: fields.int("ScheduleEventId"),
        step_name: fields.text("StepName"),
        time: fields.text("Time"),
        detail: fields.hidden("EventDetail"),
    }
}
