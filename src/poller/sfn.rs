//! The tasks of an activity of Step Functions.

use aws_sdk_sfn::Client;
use taskback_core::{Execution, Service, TaskToken, sfn};

use super::limits::POLL;
use super::source::{Polled, TaskIds, TaskSource};
use crate::aws::{AwsError, in_time};
use crate::future::BoxFuture;
use crate::service::{Reporter, Sfn};

/// An activity, whose tasks name neither their execution nor their state.
pub(super) struct SfnActivity {
    client: Client,
    reporter: Sfn,
    arn: String,
}

impl SfnActivity {
    pub(super) fn new(client: Client, arn: &str) -> Self {
        let reporter = Sfn::new(client.clone());
        Self { client, reporter, arn: arn.to_owned() }
    }

    async fn poll_once(&self) -> Result<Option<Polled>, AwsError> {
        let call = self.client.get_activity_task().activity_arn(&self.arn).worker_name("taskback");
        let answer = in_time("GetActivityTask", POLL, call.send()).await?;
        let Some(token) = answer.task_token.filter(|token| !token.is_empty()) else { return Ok(None) };
        let token = TaskToken::new(Service::Sfn, token);
        let input = sfn::input(answer.input.as_deref());
        let execution = Execution::default().with_text(sfn::ACTIVITY_ARN, Some(self.arn.clone()));
        Ok(Some(Polled { token, input, execution }))
    }
}

impl TaskSource for SfnActivity {
    fn poll(&self) -> BoxFuture<'_, Result<Option<Polled>, AwsError>> {
        Box::pin(self.poll_once())
    }

    fn reporter(&self) -> &dyn Reporter {
        &self.reporter
    }

    fn ids<'a>(&'a self, _execution: &'a Execution) -> TaskIds<'a> {
        TaskIds { activity: Some(&self.arn), ..TaskIds::default() }
    }

    fn group<'a>(&self, _execution: &'a Execution) -> Option<&'a str> {
        None
    }
}
