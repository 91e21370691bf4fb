use super::{Operation, Params, sealed};
use crate::fields::Fields;
use crate::{Error, Hidden, Quota, check};

/// Tells the waiting task that it succeeded.
#[derive(Clone, Debug)]
pub struct ReportTaskSucceeded {
    task_token: Hidden,
    output: Hidden,
}

impl ReportTaskSucceeded {
    /// `task_token`: 1 to 4096 characters (the service documents no limit; its tokens are seen up
    /// to 1024). `output`: not empty, JSON text by convention, which nobody checks.
    pub fn new(task_token: impl Into<String>, output: impl Into<String>) -> Self {
        Self { task_token: Hidden::from(task_token), output: Hidden::from(output) }
    }
}

/// Tells the waiting task that it failed.
#[derive(Clone, Debug)]
pub struct ReportTaskFailed {
    task_token: Hidden,
    error: String,
    cause: Option<Hidden>,
}

impl ReportTaskFailed {
    /// `task_token`: 1 to 4096 characters. `error`: a code of 1 to 128 characters (API
    /// reference), which a flow can match on.
    pub fn new(task_token: impl Into<String>, error: impl Into<String>) -> Self {
        Self { task_token: Hidden::from(task_token), error: error.into(), cause: None }
    }

    /// Why, for people: 1 to 4096 characters (API reference).
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(Hidden::from(cause));
        self
    }
}

/// The service has taken a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// The event of the execution's history that the report became.
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

    fn answer(fields: &Fields) -> Reported {
        reported(fields)
    }
}

impl Operation for ReportTaskSucceeded {
    type Answer = Reported;
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

    fn answer(fields: &Fields) -> Reported {
        reported(fields)
    }
}

impl Operation for ReportTaskFailed {
    type Answer = Reported;
}

fn with_token(token: &str) -> Result<Params, Error> {
    check::chars("TaskToken", token, 1..=4096)?;
    Ok(Params::default().query("TaskToken", token).secret(token))
}

fn reported(fields: &Fields) -> Reported {
    Reported { event_id: fields.int("EventId"), request_id: fields.text("RequestId") }
}
