//! Step Functions' reports and heartbeats as signed POSTs, which cost half of the SDK's `send()`.

use std::fmt;
use std::sync::Arc;

use aws_sdk_sfn::Client;
use aws_sdk_sfn::config::Builder;
use aws_sdk_sfn::operation::send_task_failure::SendTaskFailureInput;
use aws_sdk_sfn::operation::send_task_heartbeat::SendTaskHeartbeatInput;
use aws_sdk_sfn::operation::send_task_success::SendTaskSuccessInput;
use taskback_core::sfn::Report;
use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::aws::{Operation, SAMPLE, SignedCalls, sample_keys};
use crate::service::answer::Answer;

/// The three calls, captured from the SDK's client when they are first used. Clones share them.
#[derive(Clone)]
pub(super) struct Signed(Arc<Inner>);

struct Inner {
    client: Client,
    calls: SignedCalls,
    success: OnceCell<Operation>,
    failure: OnceCell<Operation>,
    heartbeat: OnceCell<Operation>,
}

impl Signed {
    pub(super) fn new(client: Client, calls: SignedCalls) -> Self {
        let (success, failure, heartbeat) = Default::default();
        Self(Arc::new(Inner { client, calls, success, failure, heartbeat }))
    }

    pub(super) async fn report(&self, token: &str, report: Report<'_>, deadline: Instant) -> Answer {
        let Inner { client, .. } = &*self.0;
        match report {
            Report::Success { output } => {
                let operation = self.0.success.get_or_try_init(|| {
                    Operation::capture(|capture| {
                        let call = client.send_task_success().task_token(SAMPLE).output("{}");
                        call.customize().config_override(keys()).interceptor(capture).send()
                    })
                });
                let input = SendTaskSuccessInput::builder().task_token(token).output(output);
                self.0.calls.send_input(operation.await?, input.build(), deadline).await
            }
            Report::Failure { error, cause } => {
                let operation = self.0.failure.get_or_try_init(|| {
                    Operation::capture(|capture| {
                        let call = client.send_task_failure().task_token(SAMPLE);
                        call.customize().config_override(keys()).interceptor(capture).send()
                    })
                });
                let input = SendTaskFailureInput::builder().task_token(token).error(error);
                let input = input.set_cause(cause.map(Into::into));
                self.0.calls.send_input(operation.await?, input.build(), deadline).await
            }
        }
    }

    pub(super) async fn heartbeat(&self, token: &str, deadline: Instant) -> Answer {
        let Inner { client, .. } = &*self.0;
        let operation = self.0.heartbeat.get_or_try_init(|| {
            Operation::capture(|capture| {
                let call = client.send_task_heartbeat().task_token(SAMPLE);
                call.customize().config_override(keys()).interceptor(capture).send()
            })
        });
        let input = SendTaskHeartbeatInput::builder().task_token(token);
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
    use aws_sdk_sfn::config::Region;

    use super::*;

    /// The SDK's resolver chooses.
    #[tokio::test]
    async fn endpoint_follows_partition_and_variant() {
        for (region, fips, dual_stack, expected) in [
            ("eu-west-1", false, false, "https://states.eu-west-1.amazonaws.com/"),
            ("eu-west-1", false, true, "https://states.eu-west-1.api.aws/"),
            ("us-east-1", true, false, "https://states-fips.us-east-1.amazonaws.com/"),
            ("cn-north-1", false, false, "https://states.cn-north-1.amazonaws.com.cn/"),
            ("us-gov-west-1", true, false, "https://states.us-gov-west-1.amazonaws.com/"),
        ] {
            let config = Builder::from(&crate::aws::local("http://127.0.0.1:1"));
            let mut config = config.region(Region::new(region)).use_fips(fips).use_dual_stack(dual_stack);
            config.set_endpoint_url(None);
            let client = Client::from_conf(config.build());
            let call = client.send_task_heartbeat().task_token(SAMPLE).customize();
            let operation =
                Operation::capture(|capture| call.config_override(keys()).interceptor(capture).send()).await;
            assert_eq!(operation.unwrap().endpoint(), (expected, region));
        }
    }
}
