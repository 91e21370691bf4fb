//! The start of `work` and `poll`: errors that need a fix prevent it, temporary ones do not.

use std::process::Command;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use taskback::aws;

use crate::process::Process;
use crate::python::Moto;
use crate::run::{at_aws, run, taskback};
use crate::serve::setup::create_table;

/// Starts moto with a queue and returns the URL of the queue.
async fn queue() -> (Moto, String) {
    let moto = Moto::start().await;
    let created = Client::new(&aws::local(&moto.url)).create_queue().queue_name("tasks").send().await;
    (moto, created.unwrap().queue_url.unwrap())
}

fn work(url: &str, queue_url: &str) -> Command {
    let mut command = at_aws(&["work", "--wait", "1", "--queue-url", queue_url], url);
    command.env("TASKBACK_STEP", "verify-card");
    command
}

/// Waits for a line of a running process, and stops it like its host.
async fn keeps_running(command: &mut Command, line: &str) -> String {
    let mut process = Process::start(command);
    process.line(line).await;
    process.line("taskback starts").await;
    let kill = format!("kill -TERM {}", process.child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    let (status, printed) = process.end().await;
    assert_eq!(status.code(), Some(0), "{printed}");
    printed
}

#[test]
fn queue_worker_requires_a_step() {
    let ran = run(&mut at_aws(&["work", "--queue-url", "http://127.0.0.1:9/1/q"], "http://127.0.0.1:9"));
    assert!(ran.code == 2 && ran.stderr.contains("TASKBACK_STEP: not set"), "{} {}", ran.code, ran.stderr);
}

#[test]
fn unusable_credentials_prevent_the_start() {
    let queue = ["--queue-url", "http://127.0.0.1:9/1/q"];
    let event = crate::run::event("direct-success");
    for args in [
        [&["work"], &queue[..]].concat(),
        [&["poll", "--domain", "d", "--task-list", "l"], &queue[..]].concat(),
        vec!["invoke", "--services", "environment", "-e", &event],
    ] {
        let mut command = at_aws(&args, "http://127.0.0.1:9");
        let ran = run(command.env("TASKBACK_STEP", "verify-card").env("AWS_ACCESS_KEY_ID", "AKIAX\n"));
        assert_eq!(ran.code, 2, "{args:?} {}", ran.stderr);
        assert!(ran.stderr.contains("AWS_ACCESS_KEY_ID: contains a control character"), "{}", ran.stderr);
        assert!(!ran.stderr.contains("AKIAX") && !ran.stderr.contains("panic"), "{}", ran.stderr);
    }
}

/// The settings do not read the credentials of a profile.
#[tokio::test]
async fn unusable_profile_credentials_are_an_error() {
    let (moto, queue_url) = queue().await;
    let file = std::env::temp_dir().join(format!("taskback-profile-{}", std::process::id()));
    std::fs::write(&file, "[default]\naws_access_key_id = AKIA\u{e4}X\naws_secret_access_key = s\n").unwrap();
    let mut command = work(&moto.url, &queue_url);
    command
        .env("AWS_ACCESS_KEY_ID", "")
        .env("AWS_SECRET_ACCESS_KEY", "")
        .env("AWS_SHARED_CREDENTIALS_FILE", &file);
    let ran = run(&mut command);
    std::fs::remove_file(file).unwrap();
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stdout.contains("the access key id contains a character outside of ASCII"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("AKIA") && !ran.stdout.contains("panic"), "{}", ran.stdout);
}

#[tokio::test]
async fn missing_table_or_queue_prevents_the_start() {
    let (moto, queue_url) = queue().await;
    let ran = run(work(&moto.url, &queue_url).env("TASKBACK_LEDGER", "dynamodb:absent"));
    assert_eq!(ran.code, 2, "{}", ran.stdout);
    let error = "TASKBACK_LEDGER cannot be used: ledger refused: DynamoDB table absent in us-east-1: \
                 ResourceNotFoundException";
    assert!(ran.stderr.contains(error), "{}", ran.stderr);

    let absent = queue_url.replace("tasks", "absent");
    let poll = ["poll", "--domain", "d", "--task-list", "l", "--queue-url", &absent];
    for mut command in [work(&moto.url, &absent), at_aws(&poll, &moto.url)] {
        let ran = run(&mut command);
        assert_eq!(ran.code, 2, "{}", ran.stdout);
        assert!(ran.stdout.contains(r#""event":"process.start_failed""#), "{}", ran.stdout);
        assert!(
            ran.stderr.contains("NonExistentQueue") || ran.stderr.contains("QueueDoesNotExist"),
            "{}",
            ran.stderr
        );
    }
}

#[tokio::test]
async fn another_max_receive_count_is_a_warning() {
    let (moto, queue_url) = queue().await;
    let policy = |count: &str| {
        let target = "arn:aws:sqs:us-east-1:123456789012:dead";
        format!(r#"{{"deadLetterTargetArn":"{target}","maxReceiveCount":{count}}}"#)
    };
    let client = Client::new(&aws::local(&moto.url));
    client.create_queue().queue_name("dead").send().await.unwrap();
    for (count, differs) in [("3", true), ("5", false), (r#""3""#, true)] {
        let set = client.set_queue_attributes().queue_url(&queue_url);
        set.attributes(QueueAttributeName::RedrivePolicy, policy(count)).send().await.unwrap();
        let mut command = work(&moto.url, &queue_url);
        let printed = keeps_running(command.env("TASKBACK_MAX_RECEIVES", "5"), "taskback starts").await;
        let warning = r#""event":"settings.max_receives_differ","setting":5,"queue":3"#;
        assert_eq!(printed.contains(warning), differs, "{printed}");
    }
}

#[tokio::test]
async fn empty_endpoint_is_unset() {
    let (moto, queue_url) = queue().await;
    let mut command = work("", &queue_url);
    command.envs([
        ("AWS_ENDPOINT_URL_SQS", &*moto.url),
        ("AWS_ENDPOINT_URL_SWF", ""),
        ("AWS_ENDPOINT_URL_STS", ""),
    ]);
    let printed = keeps_running(&mut command, "taskback starts").await;
    assert!(!printed.contains("panic") && !printed.contains("invalid value"), "{printed}");
    assert!(printed.contains(r#""queue":"tasks""#) && printed.contains(r#""ledger":"memory""#), "{printed}");
}

#[tokio::test]
async fn outage_at_start_is_a_warning() {
    let (moto, queue_url) = queue().await;
    let mut no_ledger = work(&moto.url, &queue_url);
    no_ledger.env("TASKBACK_LEDGER", "dynamodb:tasks").env("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9");
    let printed = keeps_running(&mut no_ledger, "ledger.unavailable").await;
    assert!(
        printed.contains("DynamoDB table tasks in us-east-1: 127.0.0.1:9: connection refused"),
        "{printed}"
    );

    let mut no_queue = work(&moto.url, "http://127.0.0.1:9/1/q");
    keeps_running(no_queue.env("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:9"), "queue.unavailable").await;
}

#[tokio::test]
async fn start_only_reads_the_ledger() {
    let (moto, queue_url) = queue().await;
    create_table(&moto.url).await;
    let mut command = work(&moto.url, &queue_url);
    let printed = keeps_running(command.env("TASKBACK_LEDGER", "dynamodb:tasks"), "taskback starts").await;
    assert!(!printed.contains("ledger.unavailable"), "{printed}");
    let scan = aws_sdk_dynamodb::Client::new(&aws::local(&moto.url)).scan().table_name("tasks").send().await;
    assert_eq!(scan.unwrap().count, 0);
}

#[test]
fn empty_queue_url_is_unset() {
    for args in [&["work"][..], &["poll", "--domain", "d", "--task-list", "l"]] {
        let mut command = at_aws(args, "http://127.0.0.1:9");
        let ran = run(command.env("TASKBACK_STEP", "verify-card").env("TASKBACK_QUEUE_URL", ""));
        let named =
            ran.stderr.contains("--queue-url <URL>") || ran.stderr.contains("TASKBACK_QUEUE_URL must be set");
        assert!(ran.code == 2 && named, "{} {}", ran.code, ran.stderr);
    }
}

#[test]
fn mistyped_setting_prevents_the_start() {
    for args in [&["work", "--queue-url", "http://127.0.0.1:9/1/q"][..], &["poll"]] {
        let ran = run(taskback(args).env("TASKBACK_LEDGR", "dynamodb:tasks"));
        let expected = "TASKBACK_LEDGR: unknown setting, did you mean TASKBACK_LEDGER?";
        assert!(ran.code == 2 && ran.stderr.contains(expected), "{} {}", ran.code, ran.stderr);
    }
}
