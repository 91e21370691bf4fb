//! One delivery, from its task to its settlement, at both services and under every fault.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::Value;
use taskback::core::{Outcome, Output, Service};
use taskback::settings::LateTasks;
use taskback::testing::{Fault, direct_event};
use taskback::{InvocationError, StepEnd, StepError, Task};

use crate::support::{Rig, envelope, invoke, kept, kept_within, message, token};

const BOTH: [Service; 2] = [Service::Fnf, Service::Swf];

async fn done(_: Task<Value>) -> Result<&'static str, StepError> {
    Ok("done")
}

fn succeeded() -> Outcome {
    Outcome::Succeeded(Output::new(&"done").unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_fault_that_passes_is_tried_again_and_the_outcome_told_once() {
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
async fn a_lost_answer_is_no_second_outcome_and_no_failure() {
    for service in BOTH {
        let rig = Rig::new();
        rig.of(service).fail_with([Fault::LostAnswer]);
        let taskback = rig.builder().step(done).late(LateTasks::Keep).build().unwrap();
        assert!(kept(&taskback, &[message(service, "m")]).await.is_empty(), "{service}");
        assert_eq!(rig.of(service).accepted(&token(service, "m")), [succeeded()]);
        assert_eq!(rig.of(service).attempts(&token(service, "m")), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_passes_not_keeps_the_message_and_the_outcome() {
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
            // Delivered again, what was decided is told as it was, and the step does not run again.
            assert!(kept(&taskback, &[message(service, "m").received(2)]).await.is_empty());
            let first = Outcome::Succeeded(Output::new(&0).unwrap());
            assert_eq!(rig.of(service).accepted(&token(service, "m")), [first]);
            assert_eq!(runs.load(Ordering::Relaxed), 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_output_is_replaced_once_by_a_failure_that_fits() {
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
async fn an_output_that_can_never_fit_is_told_as_a_failure_at_once() {
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
async fn a_task_that_somebody_else_closed_is_done_or_kept_by_setting() {
    for service in BOTH {
        for (late, expected) in [(LateTasks::Done, vec![]), (LateTasks::Keep, vec!["m".to_owned()])] {
            let rig = Rig::new();
            rig.of(service).close(&token(service, "m"));
            let taskback = rig.builder().step(done).late(late).build().unwrap();
            // Kept, it stays kept: the second delivery must not take the closed task for ours.
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

#[tokio::test(start_paused = true)]
async fn a_retryable_error_keeps_the_message_until_its_last_delivery() {
    async fn unlucky(_: Task<Value>) -> Result<(), StepError> {
        Err(std::io::Error::other("no answer from https://shop/?t=m%2Bsecret%2Ftoken%3D%3D"))?
    }
    for service in BOTH {
        let rig = Rig::new();
        let taskback = rig.builder().step(unlucky).max_receives(3).build().unwrap();
        for times in [1, 2] {
            assert_eq!(kept(&taskback, &[message(service, "m").received(times)]).await, ["m"]);
        }
        assert!(kept(&taskback, &[message(service, "m").received(3)]).await.is_empty());
        let accepted = rig.of(service).accepted(&token(service, "m"));
        let [Outcome::Failed { error, cause }] = &accepted[..] else { panic!("{accepted:?}") };
        assert_eq!(error, "StepFailed");
        assert!(cause.starts_with("no answer from") && !cause.contains("secret"), "{cause}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_direct_invocation_answers_with_outcome_and_receipt_or_fails() {
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
            matches!(&error, InvocationError::Unreported(_)) && !error.to_string().contains("secret"),
            "{error}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_delegated_task_is_handed_over_and_never_reported_by_us() {
    async fn delegate(_: Task<Value>) -> Result<StepEnd, StepError> {
        Ok(StepEnd::Delegated { to: "tb-child".into() })
    }
    let rig = Rig::new();
    let taskback = rig.builder().step(delegate).build().unwrap();
    let answer = invoke(&taskback, &direct_event(&envelope(Service::Fnf, "m", "{}"))).await.unwrap();
    assert_eq!((&answer["receipt"], &answer["to"]), (&"handed-over".into(), &"tb-child".into()));
    assert_eq!(rig.fnf.attempts(&token(Service::Fnf, "m")), 0);
}

#[tokio::test(start_paused = true)]
async fn a_requested_cancellation_ends_as_canceled() {
    async fn patient(task: Task<Value>) -> Result<StepEnd, StepError> {
        task.progress("half");
        let reason = task.cancelled().await;
        Ok(StepEnd::Canceled { details: format!("{reason:?}") })
    }
    let rig = Rig::new();
    rig.swf.request_cancellation(&token(Service::Swf, "m"));
    let taskback = rig.builder().step(patient).heartbeat(Duration::from_secs(5)).build().unwrap();
    assert!(kept(&taskback, &[message(Service::Swf, "m")]).await.is_empty());
    let expected = Outcome::Canceled { details: "Requested".into() };
    assert_eq!(rig.swf.accepted(&token(Service::Swf, "m")), [expected]);
    assert_eq!(rig.swf.heartbeats(&token(Service::Swf, "m")), ["half"]);
}

#[tokio::test(start_paused = true)]
async fn no_work_is_done_for_a_task_that_a_first_heartbeat_finds_closed() {
    async fn never(_: Task<Value>) -> Result<(), StepError> {
        panic!("the step ran")
    }
    let rig = Rig::new();
    rig.swf.close(&token(Service::Swf, "m"));
    let taskback = rig.builder().step(never).heartbeat_first(true).build().unwrap();
    assert!(kept(&taskback, &[message(Service::Swf, "m")]).await.is_empty());
    assert_eq!(rig.swf.attempts(&token(Service::Swf, "m")), 0);
}

#[tokio::test(start_paused = true)]
async fn the_deadline_stops_the_step_and_keeps_the_message() {
    async fn slow(_: Task<Value>) -> Result<(), StepError> {
        tokio::time::sleep(Duration::from_secs(3600)).await;
        Ok(())
    }
    for (time, limit) in [(3, 2.4), (900, 890.0)] {
        let rig = Rig::new();
        let taskback = rig.builder().step(slow).build().unwrap();
        let start = tokio::time::Instant::now();
        let messages = [message(Service::Swf, "m")];
        assert_eq!(kept_within(&taskback, &messages, Duration::from_secs(time)).await, ["m"]);
        let took = start.elapsed().as_secs_f64();
        assert!((limit..limit + 0.1).contains(&took), "{took} s of {time} s");
        // Nothing is left behind: the claim was given back.
        assert_eq!(kept_within(&taskback, &messages, Duration::from_secs(3)).await, ["m"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_hangs_costs_the_answer_no_time_beyond_the_deadline() {
    let rig = Rig::new();
    rig.fnf.fail_with([Fault::Hangs; 10]);
    let taskback = rig.builder().step(done).build().unwrap();
    let start = tokio::time::Instant::now();
    let kept = kept_within(&taskback, &[message(Service::Fnf, "m")], Duration::from_secs(3)).await;
    assert_eq!(kept, ["m"]);
    assert!(start.elapsed() < Duration::from_millis(2990), "{:?}", start.elapsed());
}

#[test]
fn a_step_that_blocks_its_thread_stops_neither_the_deadline_nor_the_answer() {
    async fn blocking(_: Task<Value>) -> Result<(), StepError> {
        std::thread::sleep(Duration::from_secs(2));
        Ok(())
    }
    let steps = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let ours = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let rig = Rig::new();
    let taskback = rig.builder().step(blocking).steps_on(steps.handle().clone());
    let start = std::time::Instant::now();
    ours.block_on(async {
        let taskback = taskback.build().unwrap();
        let kept = kept_within(&taskback, &[message(Service::Swf, "m")], Duration::from_secs(1)).await;
        assert_eq!(kept, ["m"]);
    });
    assert!(start.elapsed() < Duration::from_millis(1500), "{:?}", start.elapsed());
    steps.shutdown_background();
}

#[tokio::test(start_paused = true)]
async fn a_step_that_panics_before_its_first_await_keeps_its_message_only() {
    let rig = Rig::new();
    let step = |task: Task<Value>| {
        assert!(task.input.is_object(), "not an object");
        async { Ok::<_, StepError>("done") }
    };
    let taskback = rig.builder().step(step).build().unwrap();
    let bad = taskback::testing::Message::new("bad", envelope(Service::Swf, "bad", "7"));
    assert_eq!(kept(&taskback, &[bad, message(Service::Swf, "good")]).await, ["bad"]);
    assert_eq!(rig.swf.accepted(&token(Service::Swf, "good")), [succeeded()]);
}

#[tokio::test]
async fn missing_credentials_are_a_denial_and_not_tried_again() {
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
