//! The start of a process: errors are named, and one line states the configuration.

use std::process::Command;

use serde_json::Value;
use taskback::Service;
use taskback::testing::{Message, direct_event, sqs_event};
use taskback_local::{Config, Fault, FaultKind, OpenTask, Server as Local, TaskState};

use crate::lambda::runtime_api::RuntimeApi;
use crate::lambda::{body, worker};
use crate::process::Process;
use crate::support::MINUTE;
use crate::wire::server::{Reply, Server};

/// The output of a worker that does not start. It must not panic.
async fn refused(change: impl FnOnce(&mut Command)) -> String {
    let mut command = worker("127.0.0.1:1", "http://127.0.0.1:9");
    change(command.env("RUST_LOG", "info"));
    let (status, printed) = Process::start(&mut command).end().await;
    assert!(!status.success() && !printed.contains("panic"), "{status} {printed}");
    printed
}

/// The log lines with that event, as JSON.
fn lines(printed: &str, event: &str) -> Vec<Value> {
    let lines = printed.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line["event"] == event).collect()
}

#[tokio::test]
async fn worker_requires_a_step() {
    for unset in [true, false] {
        let set = |command: &mut Command| {
            if unset {
                command.env_remove("TASKBACK_STEP")
            } else {
                command.env("TASKBACK_STEP", "")
            };
        };
        let printed = refused(set).await;
        assert!(printed.contains("TASKBACK_STEP: not set, expected the step of the tasks"), "{printed}");
    }
}

#[tokio::test]
async fn invalid_settings_prevent_the_start() {
    let printed = refused(|command| {
        command.env("TASKBACK_LEDGR", "dynamodb:tasks").env("TASKBACK_LEDGER_DOWN", "open");
        command.env("AWS_ACCESS_KEY_ID", "AKIAX\n").env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "hidden value");
    });
    let printed = printed.await;
    for expected in [
        "TASKBACK_LEDGR: unknown setting, did you mean TASKBACK_LEDGER?",
        "TASKBACK_LEDGER_DOWN: renamed, set TASKBACK_LEDGER_FAILURE instead",
        "AWS_ACCESS_KEY_ID: contains a control character",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET: contains white space",
    ] {
        assert!(printed.contains(expected), "{expected} is not in {printed}");
    }
    assert!(!printed.contains("AKIAX") && !printed.contains("hidden"), "{printed}");
}

#[cfg(unix)]
#[tokio::test]
async fn non_utf8_step_prevents_the_start() {
    use std::os::unix::ffi::OsStrExt;
    let step = std::ffi::OsStr::from_bytes(b"command:./gepr\xfcft");
    let set = |command: &mut Command| {
        command.env("TASKBACK_STEP", step);
    };
    let printed = refused(set).await;
    assert!(printed.contains("TASKBACK_STEP: the value is not UTF-8"), "{printed}");
}

#[tokio::test]
async fn start_line_names_configuration_without_secrets() {
    let local = Local::bind(Config::default()).await.unwrap();
    let api = RuntimeApi::start().await;
    let mut command = worker(&api.address, &local.url());
    command.envs([
        ("TASKBACK_STEP", r#"command:["/bin/cat", "--key", "hidden"]"#),
        ("TASKBACK_LEDGER", "dynamodb:tasks"),
        ("TASKBACK_COLOR", "hidden"),
        ("TASKBACK_SWF_DOMAIN", "of-the-poller"),
        ("TASKBACK_SERVICE_HOST", "10.0.0.1"),
        ("RUST_LOG", "info"),
    ]);
    let mut process = Process::start(&mut command);
    // The last line of the start.
    process.line("settings.no_max_receives").await;
    let printed = process.printed();
    let [line] = &lines(&printed, "process.started")[..] else { panic!("{printed}") };
    assert_eq!((&line["level"], &line["runtime"]), (&"INFO".into(), &"lambda".into()));
    assert_eq!(
        (&line["services"], &line["ledger"]),
        (&"fnf, swf, sfn, durable".into(), &"dynamodb:tasks".into())
    );
    assert_eq!(
        (&line["step"], &line["version"]),
        (&"command /bin/cat".into(), &env!("CARGO_PKG_VERSION").into())
    );
    let unknown: Vec<_> =
        lines(&printed, "settings.unknown_name").iter().map(|line| line["name"].clone()).collect();
    assert_eq!(unknown, ["TASKBACK_COLOR"]);
    let [warned] = &lines(&printed, "settings.no_max_receives")[..] else { panic!("{printed}") };
    assert!(warned["message"].as_str().unwrap().contains("retryable errors are never reported"), "{warned}");
    assert!(!printed.contains("hidden"), "{printed}");
}

#[tokio::test]
async fn worker_with_max_receives_starts_without_a_warning() {
    let mut api = RuntimeApi::start().await;
    let mut command = worker(&api.address, "http://127.0.0.1:9");
    command.env("TASKBACK_MAX_RECEIVES", "5").env("RUST_LOG", "info");
    let mut process = Process::start(&mut command);
    api.invoke("m", &direct_event("[]"), MINUTE);
    assert!(api.answer().await.failed);
    process.line("event.rejected").await;
    assert_eq!(lines(&process.printed(), "process.started").len(), 1);
    assert_eq!(lines(&process.printed(), "settings.no_max_receives").len(), 0);
}

/// `sam local` sets an empty value for a variable that the template declares. An AWS client fetches
/// credentials too.
#[tokio::test]
async fn empty_endpoint_is_unset_for_credentials_as_well() {
    let sts = "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>\
               <AccessKeyId>ASIAX</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
               <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>\
               </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>";
    let identity = std::env::temp_dir().join(format!("taskback-identity-{}", std::process::id()));
    std::fs::write(&identity, "web-identity").unwrap();
    // The service's endpoint is empty and the general one is set; then the other way round.
    for own in [true, false] {
        let server = Server::start([Reply::http(200, "", sts), Reply::accepted(Service::Swf)]).await;
        let mut api = RuntimeApi::start().await;
        let mut command = worker(&api.address, &server.url);
        command
            .envs(["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"].map(|name| (name, "")));
        command
            .env("AWS_WEB_IDENTITY_TOKEN_FILE", &identity)
            .env("AWS_ROLE_ARN", "arn:aws:iam::1:role/worker");
        command.envs([("AWS_ENDPOINT_URL_STS", ""), ("AWS_ENDPOINT_URL_SWF", ""), ("AWS_PROFILE", "")]);
        if own {
            let set = [("AWS_ENDPOINT_URL_STS", &*server.url), ("AWS_ENDPOINT_URL_SWF", &*server.url)];
            command.envs(set).env("AWS_ENDPOINT_URL", "");
        }
        let process = Process::start(&mut command);
        let event = r#"{"service":"swf","taskToken":"t","input":{"cardNumber":"4111 1111 1111 1111"}}"#;
        api.invoke("m", &direct_event(event), MINUTE);
        let answer = api.answer().await;
        assert_eq!(answer.body["receipt"], "recorded", "{answer:?} {}", process.printed());
        let requests = server.requests();
        assert!(requests[0].body.contains("Action=AssumeRoleWithWebIdentity"), "{}", requests[0].body);
        assert!(requests[1].head.contains("Credential=ASIAX/"), "{}", requests[1].head);
        assert!(!process.printed().contains("invalid value for endpoint URL"), "{}", process.printed());
    }
    std::fs::remove_file(identity).unwrap();
}

/// The HTTP client closes failed connections; the SDK must not look for one to close.
#[tokio::test]
async fn failing_swf_logs_no_sdk_error() {
    let local = Local::bind(Config::default()).await.unwrap();
    let mut api = RuntimeApi::start().await;
    let mut process = Process::start(worker(&api.address, &local.url()).env("RUST_LOG", "info"));
    let token = local.state().open(OpenTask::new(Service::Swf)).unwrap().token;
    for kind in [FaultKind::Error500, FaultKind::Html502, FaultKind::Throttle] {
        local.state().inject(Fault::new("RespondActivityTaskCompleted", kind)).unwrap();
    }
    let input = serde_json::json!({"cardNumber": "4111 1111 1111 1111"});
    api.invoke("m", &direct_event(&body(&token, &input)), MINUTE);
    assert_eq!(api.answer().await.body["receipt"], "recorded", "{}", process.printed());
    let task = local.state().task(&token.fingerprint().hex()).unwrap();
    assert_eq!((task.state, task.reports.len()), (TaskState::Succeeded, 4));
    process.line("\"event\":\"report.accepted\"").await;
    let printed = process.printed();
    assert!(!printed.contains("\"ERROR\"") && !printed.contains("unable to mark"), "{printed}");
}

/// A start on Lambda does not call the ledger, so the error of the first claim names the fix.
#[tokio::test]
async fn first_claim_names_table_region_and_permission() {
    for code in ["ResourceNotFoundException", "AccessDeniedException"] {
        let body = format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{code}","message":"hidden"}}"#);
        let dynamodb = Server::start(vec![Reply::http(400, "", &body); 9]).await;
        let mut api = RuntimeApi::start().await;
        let mut command = worker(&api.address, "http://127.0.0.1:9");
        command.env("TASKBACK_LEDGER", "dynamodb:tasks").env("AWS_ENDPOINT_URL_DYNAMODB", &dynamodb.url);
        let mut process = Process::start(command.env("RUST_LOG", "info"));
        process.line("taskback starts").await;
        assert_eq!(dynamodb.requests().len(), 0, "{code}");

        let event = r#"{"service":"swf","taskToken":"t","input":{"cardNumber":"4111 1111 1111 1111"}}"#;
        api.invoke("m", &sqs_event(&[Message::new("m", event)]), MINUTE);
        let answer = api.answer().await;
        assert_eq!(answer.body["batchItemFailures"][0]["itemIdentifier"], "m", "{answer:?}");
        let line = process.line("step not run").await;
        for expected in ["DynamoDB table tasks in us-east-1", code, "dynamodb:UpdateItem"] {
            assert!(line.contains(expected), "{expected} is not in {line}");
        }
        assert!(!process.printed().contains("hidden"), "{}", process.printed());
    }
}
