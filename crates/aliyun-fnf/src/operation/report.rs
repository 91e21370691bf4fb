use super::params::Params;
use super::request::{Operation, sealed};
use crate::check;
use crate::error::Error;
use crate::fields::Fields;
use crate::hidden::Hidden;
use crate::limiter::Quota;

/// Reports the success of a waiting task.
#[derive(Clone, Debug)]
pub struct ReportTaskSucceeded {
    task_token: Hidden,
    output: Hidden,
}

impl ReportTaskSucceeded {
    /// Reports an output. `task_token`: 1 to 4096 characters (the service documents no limit; observed tokens have up to
    /// 1024). `output`: not empty, JSON text by convention, which is not checked.
    pub fn new(task_token: impl Into<String>, output: impl Into<String>) -> Self {
        Self { task_token: Hidden::from(task_token), output: Hidden::from(output) }
    }
}

/// Reports the failure of a waiting task.
#[derive(Clone, Debug)]
pub struct ReportTaskFailed {
    task_token: Hidden,
    error: String,
    cause: Option<Hidden>,
}

impl ReportTaskFailed {
    /// Reports an error. `task_token`: 1 to 4096 characters. `error`: a code of 1 to 128 characters (API reference), which a
    /// flow can match.
    pub fn new(task_token: impl Into<String>, error: impl Into<String>) -> Self {
        Self { task_token: Hidden::from(task_token), error: error.into(), cause: None }
    }

    /// Sets the cause, a text of 1 to 4096 characters (API reference).
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(Hidden::from(cause));
        self
    }
}

/// An accepted report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// The event of the report in the execution's history.
    pub event_id: Option<i64>,
    /// The service's id of the request.
    pub request_id: Option<String>,
}

impl sealed::Operation for ReportTaskSucceeded {
    const NAME: &'static str = "ReportTaskSucceeded";
    const METHOD: &'static str = "POST";
    const QUOTA: Quota = Quota::Other;

    fn params(&self) -> Result<Params, Error> {
        check::present("Output", &self.output)?;
        Ok(with_token(&self.task_token)?.body("Output", &*self.output))
    }

    fn parse(fields: &Fields<'_>) -> Reported {
        reported(fields)
    }
}

impl Operation for ReportTaskSucceeded {
    type Response = Reported;
}

impl sealed::Operation for ReportTaskFailed {
    const NAME: &'static str = "ReportTaskFailed";
    const METHOD: &'static str = "POST";
    const QUOTA: Quota = Quota::Other;

    fn params(&self) -> Result<Params, Error> {
        check::chars("Error", &self.error, 1..=128)?;
        if let Some(cause) = &self.cause {
            check::chars("Cause", cause, 1..=4096)?;
        }
        let params = with_token(&self.task_token)?.body("Error", &self.error);
        Ok(params.body_if("Cause", self.cause.as_deref().map(str::to_owned).as_ref()))
    }

    fn parse(fields: &Fields<'_>) -> Reported {
        reported(fields)
    }
}

impl Operation for ReportTaskFailed {
    type Response = Reported;
}

fn with_token(token: &str) -> Result<Params, Error> {
    check::chars("TaskToken", token, 1..=4096)?;
    Ok(Params::default().query("TaskToken", token).secret(token))
}

fn reported(fields: &Fields<'_>) -> Reported {
    Reported { event_id: fields.int("EventId"), request_id: fields.text("RequestId") }
}
