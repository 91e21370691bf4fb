//! One delivery from task to settlement, with both services and every fault.

mod ends;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::Value;
use taskback::testing::{Fault, direct_event};
use taskback::{ClosedTaskPolicy, Outcome, Output, Service};
use taskback::{InvocationError, StepError, StepOutput, Task};

use crate::support::{Rig, envelope, invoke, kept, message, token};

const BOTH: [Service; 2] = [Service::Fnf, Service::Swf];

async fn done(_: Task<Value>) -> Result<&'static str, StepError> {
    Ok("done")
}

fn succeeded() -> Outcome {
    Outcome::Succeeded(Output::new(&"done").unwrap())
}

/// The outcome is accepted once.
#[tokio::test(start_paused = true)]
async fn transient_fault_is_retried() {
    for service in BOTH {
        for fault in [
            Fault::Throttled,
            Fault::ServerError,
            Fault::Reset,
            Fault::Refused,
            Fault::Html,
            Fault::Hangs,
            Fault::Slow(Duration::from_secs(1)),
        ] {
            let rig = Rig::new();
            rig.of(service).fail_with([fault]);
            let taskback = rig.builder().step(done).build().unwrap();
            assert!(kept(&taskback, &[message(service, "m")]).await.is_empty(), "{service} {fault:?}");
            assert_eq!(rig.of(service).accepted(&token(service, "m")), [succeeded()], "{service} {fault:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn lost_response_causes_no_second_outcome() {
    for service in BOTH {
        let rig = Rig::new();
        rig.of(service).fail_with([Fault::LostAnswer]);
        let taskback = rig.builder().step(done).closed_tasks(ClosedTaskPolicy::Nack).build().unwrap();
        assert!(kept(&taskback, &[message(service, "m")]).await.is_empty(), "{service}");
        assert_eq!(rig.of(service).accepted(&token(service, "m")), [succeeded()]);
        assert_eq!(rig.of(service).attempts(&token(service, "m")), 2);
    }
}

/// The message is nacked, and its redelivery reports the decided outcome.
#[tokio::test(start_paused = true)]
async fn persistent_refusal_preserves_the_outcome() {
    for service in BOTH {
        for fault in [Fault::Denied, Fault::Unexpected] {
            let rig = Rig::new();
            let runs = Arc::new(AtomicU32::new(0));
            let counted = Arc::clone(&runs);
            let step = move |_: Task<Value>| {
                let run = counted.fetch_add(1, Ordering::Relaxed);
                async move { Ok::<_, StepError>(run) }
            };
            rig.of(service).fail_with([fault]);
            let taskback = rig.builder().step(step).build().unwrap();
            assert_eq!(kept(&taskback, &[message(service, "m")]).await, ["m"], "{service} {fault:?}");
            assert_eq!(rig.of(service).attempts(&token(service, "m")), 1, "{service} {fault:?}");
            // Redelivered, the decided outcome is reported unchanged, and the step does not run again.
            assert!(kept(&taskback, &[message(service, "m").received(2)]).await.is_empty());
            let first = Outcome::Succeeded(Output::new(&0).unwrap());
            assert_eq!(rig.of(service).accepted(&token(service, "m")), [first]);
            assert_eq!(runs.load(Ordering::Relaxed), 1);
        }
    }
}

/// The replacement is a failure that always fits.
#[tokio::test(start_paused = true)]
async fn refused_output_is_replaced_once() {
    for service in BOTH {
        for (fault, error) in [(Fault::TooLarge, "OutputTooLarge"), (Fault::BadForm, "OutputRefused")] {
            let rig = Rig::new();
            rig.of(service).fail_with([fault]);
            let taskback = rig.builder().step(done).build().unwrap();
            assert!(kept(&taskback, &[message(service, "m")]).await.is_empty(), "{service} {fault:?}");
            let accepted = rig.of(service).accepted(&token(service, "m"));
            assert!(
                matches!(&accepted[..], [Outcome::Failed { error: e, .. }] if e == error),
                "{accepted:?}"
            );

            let rig = Rig::new();
            rig.of(service).fail_with([fault, fault]);
            let taskback = rig.builder().step(done).build().unwrap();
            assert_eq!(kept(&taskback, &[message(service, "m")]).await, ["m"], "refused again, it stays");
            assert_eq!(rig.of(service).attempts(&token(service, "m")), 2);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn oversized_output_is_reported_as_failure() {
    async fn large(_: Task<Value>) -> Result<String, StepError> {
        Ok("x".repeat(70_000))
    }
    for service in BOTH {
        let rig = Rig::new();
        let taskback = rig.builder().step(large).build().unwrap();
        assert!(kept(&taskback, &[message(service, "m")]).await.is_empty());
        assert_eq!(rig.of(service).accepted(&token(service, "m")), [Outcome::output_too_large()]);
    }
}

#[tokio::test(start_paused = true)]
async fn task_closed_by_other_follows_policy() {
    for service in BOTH {
        for (late, expected) in
            [(ClosedTaskPolicy::Ack, vec![]), (ClosedTaskPolicy::Nack, vec!["m".to_owned()])]
        {
            let rig = Rig::new();
            rig.of(service).close(&token(service, "m"));
            let taskback = rig.builder().step(done).closed_tasks(late).build().unwrap();
            // A nack stays a nack: the second delivery must not count the closed task as closed by us.
            for times in [1, 2] {
                assert_eq!(
                    kept(&taskback, &[message(service, "m").received(times)]).await,
                    expected,
                    "{late:?}"
                );
            }
        }
    }
}

/// The invocation fails if the report fails.
#[tokio::test(start_paused = true)]
async fn direct_invocation_returns_outcome_and_receipt() {
    for service in BOTH {
        let rig = Rig::new();
        let taskback = rig.builder().step(done).build().unwrap();
        let event = direct_event(&envelope(service, "m", "{}"));
        let answer = invoke(&taskback, &event).await.unwrap();
        assert_eq!(
            (&answer["outcome"], &answer["output"], &answer["receipt"]),
            (&"succeeded".into(), &"done".into(), &"recorded".into())
        );
        assert_eq!(answer["fingerprint"], token(service, "m").fingerprint().hex());

        rig.of(service).fail_with([Fault::Denied]);
        let event = direct_event(&envelope(service, "other", "{}"));
        let error = invoke(&taskback, &event).await.unwrap_err();
        assert!(
            matches!(&error, InvocationError::ReportFailed(_)) && !error.to_string().contains("secret"),
            "{error}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn delegated_task_is_never_reported() {
    async fn delegate(_: Task<Value>) -> Result<StepOutput, StepError> {
        Ok(StepOutput::Delegated { to: "tb-child".into() })
    }
    let rig = Rig::new();
    let taskback = rig.builder().step(delegate).build().unwrap();
    let answer = invoke(&taskback, &direct_event(&envelope(Service::Fnf, "m", "{}"))).await.unwrap();
    assert_eq!((&answer["receipt"], &answer["to"]), (&"delegated".into(), &"tb-child".into()));
    assert_eq!(rig.fnf.attempts(&token(Service::Fnf, "m")), 0);
}

#[tokio::test]
async fn missing_credentials_are_not_retried() {
    use taskback::{Fnf, Services, Swf, Taskback};

    let config = aws_sdk_swf::Config::builder()
        .behavior_version_latest()
        .region(aws_sdk_swf::config::Region::from_static("us-east-1"))
        .endpoint_url("http://127.0.0.1:9")
        .http_client(taskback::aws::local("http://127.0.0.1:9").http_client().unwrap())
        .credentials_provider(NoCredentials)
        .build();
    let chain = aliyun_fnf::OfficialChain::new();
    let fnf = aliyun_fnf::Client::builder()
        .endpoint("http://127.0.0.1:9")
        .credentials_provider(chain)
        .env(aliyun_fnf::reqsign_core::StaticEnv {
            home_dir: None,
            envs: [("ALIBABA_CLOUD_ECS_METADATA_DISABLED".into(), "true".into())].into(),
        })
        .build()
        .unwrap();
    let services =
        Services::default().with(Swf::new(aws_sdk_swf::Client::from_conf(config))).with(Fnf::new(fnf));
    let taskback = Taskback::builder().step(done).services(services).build().unwrap();
    for service in BOTH {
        let event = direct_event(&envelope(service, "m", "{}"));
        let error = invoke(&taskback, &event).await.unwrap_err();
        assert!(error.to_string().contains("Denied"), "{service}: {error}");
    }
}

#[derive(Debug)]
struct NoCredentials;

impl aws_sdk_swf::config::ProvideCredentials for NoCredentials {
    fn provide_credentials<'a>(&'a self) -> aws_credential_types::provider::future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let error = aws_credential_types::provider::error::CredentialsError::not_loaded("none");
        aws_credential_types::provider::future::ProvideCredentials::ready(Err(error))
    }
}
