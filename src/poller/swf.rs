//! The activity tasks of a task list of SWF.

use aws_sdk_swf::Client;
use aws_sdk_swf::operation::poll_for_activity_task::PollForActivityTaskOutput;
use aws_sdk_swf::types::TaskList;
use taskback_core::{Execution, Service, TaskToken, swf};

use super::limits::POLL;
use super::source::{Polled, TaskIds, TaskSource};
use crate::aws::{AwsError, in_time};
use crate::future::BoxFuture;
use crate::service::{Reporter, Swf};

/// A task list.
pub(super) struct SwfTaskList {
    client: Client,
    reporter: Swf,
    domain: String,
    name: String,
}

impl SwfTaskList {
    pub(super) fn new(client: Client, domain: &str, name: &str) -> Self {
        let reporter = Swf::new(client.clone());
        Self { client, reporter, domain: domain.to_owned(), name: name.to_owned() }
    }

    async fn poll_once(&self) -> Result<Option<Polled>, AwsError> {
        let list = TaskList::builder().name(&self.name).build();
        let list = list.map_err(|_| AwsError::unsent("PollForActivityTask"))?;
        let call = self.client.poll_for_activity_task().domain(&self.domain).task_list(list);
        let mut answer = in_time("PollForActivityTask", POLL, call.identity("taskback").send()).await?;
        if answer.task_token.is_empty() {
            return Ok(None);
        }
        let token = TaskToken::new(Service::Swf, std::mem::take(&mut answer.task_token));
        let input = swf::input(answer.input.as_deref());
        Ok(Some(Polled { token, input, execution: self.execution(answer) }))
    }

    fn execution(&self, polled: PollForActivityTaskOutput) -> Execution {
        let (workflow_id, run_id) =
            polled.workflow_execution.map(|execution| (execution.workflow_id, execution.run_id)).unzip();
        Execution::default()
            .with_text(swf::DOMAIN, Some(self.domain.clone()))
            .with_text(swf::WORKFLOW_ID, workflow_id)
            .with_text(swf::RUN_ID, run_id)
            .with_text(swf::ACTIVITY_ID, Some(polled.activity_id))
            .with_text(swf::ACTIVITY_TYPE, polled.activity_type.map(|kind| kind.name))
            .with_number(swf::STARTED_EVENT_ID, Some(polled.started_event_id))
    }
}

impl TaskSource for SwfTaskList {
    fn poll(&self) -> BoxFuture<'_, Result<Option<Polled>, AwsError>> {
        Box::pin(self.poll_once())
    }

    fn reporter(&self) -> &dyn Reporter {
        &self.reporter
    }

    fn ids<'a>(&'a self, execution: &'a Execution) -> TaskIds<'a> {
        TaskIds {
            domain: execution.text(swf::DOMAIN),
            workflow: execution.text(swf::WORKFLOW_ID),
            run: execution.text(swf::RUN_ID),
            activity: execution.text(swf::ACTIVITY_ID),
        }
    }

    fn group<'a>(&self, execution: &'a Execution) -> Option<&'a str> {
        group(execution)
    }
}

/// The workflow's id where a queue accepts it as a group, else its run's.
fn group(execution: &Execution) -> Option<&str> {
    let fits = |id: &&str| (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    [swf::WORKFLOW_ID, swf::RUN_ID].into_iter().filter_map(|name| execution.text(name)).find(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn group_id_is_valid_for_queues() {
        let of = |workflow: &str| {
            let ids = Execution::default()
                .with_text(swf::WORKFLOW_ID, Some(workflow.into()))
                .with_text(swf::RUN_ID, Some("run=".into()));
            group(&ids).map(str::to_owned)
        };
        assert_eq!(of("order-7").as_deref(), Some("order-7"));
        for other in ["order 7", "bestellung-ä", "", &"x".repeat(129)] {
            assert_eq!(of(other).as_deref(), Some("run="), "{other}");
        }
        assert_eq!(group(&Execution::default()), None);
    }
}
