//! One type a request: checked before it is sent, and its answer.

use std::time::Duration;

use crate::fields::Fields;
use crate::{Error, Quota};

mod execution;
mod flow;
mod history;
mod list;
mod report;
mod start;
mod stop;

pub use execution::{DescribeExecution, Execution, ExecutionStatus};
pub use flow::{CreateFlow, DeleteFlow, Deleted, DescribeFlow, ExecutionMode, Flow};
pub use history::{Event, GetExecutionHistory, History};
pub use list::{Executions, ListExecutions};
pub use report::{ReportTaskFailed, ReportTaskSucceeded, Reported};
pub use start::StartExecution;
pub use stop::StopExecution;

/// A request of the API. Implemented by the request types of this crate only.
pub trait Operation: sealed::Operation {
    /// What a success brings.
    type Answer: Send + 'static;
}

/// An operation whose answers come in pages.
pub trait Paged: Operation + Clone + sealed::Paged<Page = <Self as Operation>::Answer> {
    /// One element of a page.
    type Item: Send + 'static;
}

pub(crate) mod sealed {
    use super::*;

    pub trait Operation: Sized + Send + Sync + 'static {
        const NAME: &'static str;
        const METHOD: &'static str;
        const QUOTA: Quota;

        /// The parameters, checked against every documented limit.
        fn params(&self) -> Result<Params, Error>;

        /// How long the service itself may take before it answers.
        fn wait(&self) -> Duration {
            Duration::ZERO
        }

        fn answer(fields: &Fields) -> <Self as super::Operation>::Answer
        where
            Self: super::Operation;
    }

    pub trait Paged: Sized {
        type Page;

        fn page_after(&self, token: String) -> Self;

        fn into_items(page: Self::Page) -> (Vec<<Self as super::Paged>::Item>, Option<String>)
        where
            Self: super::Paged;
    }
}

/// The parameters of a request: what goes into the query, what into the form body, and which of
/// the values may never be shown.
#[derive(Default)]
pub struct Params {
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) body: Vec<(&'static str, String)>,
    pub(crate) secrets: Vec<String>,
}

impl Params {
    fn query(mut self, name: &'static str, value: impl ToString) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    fn query_if(self, name: &'static str, value: Option<&impl ToString>) -> Self {
        match value {
            Some(value) => self.query(name, value.to_string()),
            None => self,
        }
    }

    fn body(mut self, name: &'static str, value: impl ToString) -> Self {
        self.body.push((name, value.to_string()));
        self
    }

    fn body_if(self, name: &'static str, value: Option<&impl ToString>) -> Self {
        match value {
            Some(value) => self.body(name, value.to_string()),
            None => self,
        }
    }

    fn secret(mut self, value: &str) -> Self {
        self.secrets.push(value.to_owned());
        self
    }
}
