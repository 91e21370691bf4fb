//! SWF's reports and heartbeats as signed POSTs, which cost half of the SDK's `send()`.

use std::fmt;
use std::sync::Arc;

use aws_sdk_swf::Client;
use aws_sdk_swf::config::Builder;
use aws_sdk_swf::operation::record_activity_task_heartbeat::RecordActivityTaskHeartbeatInput;
use aws_sdk_swf::operation::respond_activity_task_canceled::RespondActivityTaskCanceledInput;
use aws_sdk_swf::operation::respond_activity_task_completed::RespondActivityTaskCompletedInput;
use aws_sdk_swf::operation::respond_activity_task_failed::RespondActivityTaskFailedInput;
use taskback_core::swf::Report;
use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::aws::{Operation, SAMPLE, SignedCalls, sample_keys};
use crate::service::answer::Answer;

/// The four calls, captured from the SDK's client when they are first used. Clones share them.
#[derive(Clone)]
pub(super) struct Signed(Arc<Inner>);

struct Inner {
    client: Client,
    calls: SignedCalls,
    completed: OnceCell<Operation>,
    failed: OnceCell<Operation>,
    canceled: OnceCell<Operation>,
    heartbeat: OnceCell<Operation>,
}

impl Signed {
    pub(super) fn new(client: Client, calls: SignedCalls) -> Self {
        let (completed, failed, canceled, heartbeat) = Default::default();
        Self(Arc::new(Inner { client, calls, completed, failed, canceled, heartbeat }))
    }

    pub(super) async fn report(&self, token: &str, report: Report<'_>, deadline: Instant) -> Answer {
        let Inner { client, .. } = &*self.0;
        match report {
            Report::Completed { result } => {
                let operation = self.0.completed.get_or_try_init(|| {
                    Operation::capture(|capture| {
                        let call = client.respond_activity_task_completed().task_token(SAMPLE);
                        call.customize().config_override(keys()).interceptor(capture).send()
                    })
                });
                let input = RespondActivityTaskCompletedInput::builder().task_token(token).result(result);
                self.0.calls.send_input(operation.await?, input.build(), deadline).await
            }
            Report::Failed { reason, details } => {
                let operation = self.0.failed.get_or_try_init(|| {
                    Operation::capture(|capture| {
                        let call = client.respond_activity_task_failed().task_token(SAMPLE);
                        call.customize().config_override(keys()).interceptor(capture).send()
                    })
                });
                let input = RespondActivityTaskFailedInput::builder().task_token(token).reason(reason);
                let input = input.set_details(details.map(Into::into));
                self.0.calls.send_input(operation.await?, input.build(), deadline).await
            }
            Report::Canceled { details } => {
                let operation = self.0.canceled.get_or_try_init(|| {
                    Operation::capture(|capture| {
                        let call = client.respond_activity_task_canceled().task_token(SAMPLE);
                        call.customize().config_override(keys()).interceptor(capture).send()
                    })
                });
                let input = RespondActivityTaskCanceledInput::builder().task_token(token);
                let input = input.set_details(details.map(Into::into));
                self.0.calls.send_input(operation.await?, input.build(), deadline).await
            }
        }
    }

    pub(super) async fn heartbeat(&self, token: &str, details: Option<String>, deadline: Instant) -> Answer {
        let Inner { client, .. } = &*self.0;
        let operation = self.0.heartbeat.get_or_try_init(|| {
            Operation::capture(|capture| {
                let call = client.record_activity_task_heartbeat().task_token(SAMPLE);
                call.customize().config_override(keys()).interceptor(capture).send()
            })
        });
        let input = RecordActivityTaskHeartbeatInput::builder().task_token(token).set_details(details);
        self.0.calls.send_input(operation.await?, input.build(), deadline).await
    }
}

/// So that a capture waits for no credentials.
fn keys() -> Builder {
    Builder::new().credentials_provider(sample_keys())
}

/// Opaque: it holds credentials.
impl fmt::Debug for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signed")
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_swf::config::Region;

    use super::*;
    use crate::aws::Unanswered;

    /// The SDK's resolver chooses.
    #[tokio::test]
    async fn endpoint_follows_partition_and_variant() {
        for (region, fips, dual_stack, expected) in [
            ("eu-west-1", false, false, "https://swf.eu-west-1.amazonaws.com/"),
            ("eu-west-1", false, true, "https://swf.eu-west-1.api.aws/"),
            ("us-east-1", true, false, "https://swf-fips.us-east-1.amazonaws.com/"),
            ("us-east-1", true, true, "https://swf-fips.us-east-1.api.aws/"),
            ("cn-north-1", false, false, "https://swf.cn-north-1.amazonaws.com.cn/"),
            ("us-gov-west-1", true, false, "https://swf.us-gov-west-1.amazonaws.com/"),
        ] {
            let config = Builder::from(&crate::aws::local("http://127.0.0.1:1"));
            let mut config = config.region(Region::new(region)).use_fips(fips).use_dual_stack(dual_stack);
            config.set_endpoint_url(None);
            let operation = heartbeat(Client::from_conf(config.build())).await.unwrap();
            assert_eq!(operation.endpoint(), (expected, region));
        }
    }

    /// The SDK has no such endpoint.
    #[tokio::test]
    async fn impossible_endpoint_is_not_built() {
        let config = Builder::from(&crate::aws::local("http://127.0.0.1:1")).use_fips(true);
        let error = heartbeat(Client::from_conf(config.build())).await.unwrap_err();
        assert!(matches!(error, Unanswered::NotBuilt), "{error:?}");
    }

    async fn heartbeat(client: Client) -> Result<Operation, Unanswered> {
        let call = client.record_activity_task_heartbeat().task_token(SAMPLE).customize();
        Operation::capture(|capture| call.config_override(keys()).interceptor(capture).send()).await
    }
}
