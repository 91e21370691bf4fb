use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use taskback_core::{Service, TaskToken};
use taskback_local::{Config, OpenTask, ReportedOutcome, TaskState};
use tokio::time::advance;

use crate::client::{Rpc, bind, open, send, server, stamp};

fn fnf() -> OpenTask {
    OpenTask::new(Service::Fnf)
}

#[tokio::test]
async fn only_first_report_is_accepted() {
    let server = server().await;
    let task = open(&server, fnf());
    let output = "{\"msg\":\"héllo 世界 🚀 a+b*c~d/e&f=g%\",\"n\":1}";
    let answer = Rpc::succeeded(&task, output).send(&server).await.unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["EventId"], 1);
    let id = answer.json()["RequestId"].as_str().unwrap().to_owned();
    assert_eq!((id.len(), id.to_uppercase()), (36, id.clone()));
    assert_eq!(answer.header("x-acs-request-id"), Some(id.as_str()));
    assert!(answer.header("date").is_some_and(|date| date.ends_with("GMT")));
    assert_eq!(answer.header("content-type"), Some("application/json;charset=utf-8"));

    let again = Rpc::failed(&task, "Late", "too late").send(&server).await.unwrap();
    assert_eq!((again.status, again.code()), (400, "TaskAlreadyCompleted".to_owned()));
    assert_ne!(again.json()["RequestId"], id.as_str());

    let seen = server.state().task(&task.fingerprint).unwrap();
    assert_eq!(seen.state, TaskState::Succeeded);
    assert_eq!(seen.outcome, Some(ReportedOutcome::Succeeded { output: Some(output.to_owned()) }));
    let attempts: Vec<_> =
        seen.reports.iter().map(|r| (r.operation.as_str(), r.status, r.accepted)).collect();
    assert_eq!(attempts, [("ReportTaskSucceeded", Some(200), true), ("ReportTaskFailed", Some(400), false)]);
    assert_eq!(seen.reports[1].code.as_deref(), Some("TaskAlreadyCompleted"));
}

#[tokio::test]
async fn failure_has_reported_error_and_cause() {
    let server = server().await;
    let task = open(&server, fnf());
    assert_eq!(Rpc::failed(&task, "Declined", "ß + 5 %").send(&server).await.unwrap().status, 200);
    let other = open(&server, fnf());
    let bare = Rpc::failed(&other, "Declined", "").without("Cause");
    assert_eq!(bare.send(&server).await.unwrap().status, 200);
    let outcome = |cause: Option<&str>| {
        Some(ReportedOutcome::Failed { error: Some("Declined".to_owned()), cause: cause.map(str::to_owned) })
    };
    assert_eq!(server.state().task(&task.fingerprint).unwrap().outcome, outcome(Some("ß + 5 %")));
    assert_eq!(server.state().task(&other.fingerprint).unwrap().outcome, outcome(None));
}

#[tokio::test]
async fn unauthenticated_requests_leave_task_open() {
    let server = server().await;
    let task = open(&server, fnf());
    let good = Rpc::succeeded(&task, "{}");
    let shifted = |minutes: i64| {
        good.clone().with("Timestamp", &stamp(Timestamp::now() + SignedDuration::from_mins(minutes)))
    };
    let mut wrong_secret = good.clone();
    wrong_secret.secret = "guessed".to_owned();
    let mut wrong_type = good.clone();
    wrong_type.content_type = "application/json".to_owned();
    for (request, status, code) in [
        (wrong_secret, 403, "SignatureNotMatch"),
        (good.clone().with("AccessKeyId", "stranger"), 403, "InvalidAccessKeyID"),
        (shifted(-16), 403, "RequestTimeTooSkewed"),
        (shifted(16), 403, "RequestTimeTooSkewed"),
        (good.clone().with("Timestamp", "2025-01-02 03:04:05"), 400, "InvalidArgument"),
        (good.clone().with("Timestamp", "éééééééééé"), 400, "InvalidArgument"),
        (good.clone().without("Timestamp"), 400, "MissingRequiredParams"),
        (good.clone().without("SignatureNonce"), 400, "MissingRequiredParams"),
        (good.clone().with("Action", "ReportTaskMaybe"), 400, "ActionNotSupported"),
        (good.clone().with("Version", "2016-01-01"), 400, "APIVersionNotSupported"),
        (good.clone().with("SignatureMethod", "HMAC-SHA256"), 400, "InvalidArgument"),
        (good.clone().with("Format", "XML"), 400, "InvalidArgument"),
        (wrong_type, 415, "UnsupportedMediaType"),
    ] {
        assert_eq!(request.code(&server).await, (status, code.to_owned()), "{:?}", request.params);
    }
    let unsigned = good.send_signed(&server, "Action=ReportTaskSucceeded&Version=2019-03-15").await.unwrap();
    assert_eq!((unsigned.status, unsigned.code()), (400, "MissingRequiredParams".to_owned()));
    let seen = server.state().task(&task.fingerprint).unwrap();
    assert_eq!((seen.state, seen.reports.len()), (TaskState::Open, 0));
    assert_eq!(shifted(14).send(&server).await.unwrap().status, 200);
}

#[tokio::test]
async fn forged_request_uses_no_nonce() {
    let server = server().await;
    let request = Rpc::succeeded(&open(&server, fnf()), "{}");
    let mut forged = request.clone();
    forged.secret = "guessed".to_owned();
    assert_eq!(forged.code(&server).await.1, "SignatureNotMatch");
    assert_eq!(request.send(&server).await.unwrap().status, 200);
    assert_eq!(request.code(&server).await, (403, "SignatureNonceUsed".to_owned()));
}

#[tokio::test]
async fn documented_limits_are_exact() {
    let server = server().await;
    for (error, cause, output, expected) in [
        ("é".repeat(128), "é".repeat(4096), None, None),
        ("é".repeat(129), "c".to_owned(), None, Some("InvalidArgument")),
        (String::new(), "c".to_owned(), None, Some("InvalidArgument")),
        ("e".to_owned(), "é".repeat(4097), None, Some("InvalidArgument")),
        ("e".to_owned(), String::new(), None, Some("InvalidArgument")),
        (String::new(), String::new(), Some("é".repeat(32 * 1024)), None),
        (String::new(), String::new(), Some("é".repeat(32 * 1024) + "x"), Some("EntityTooLarge")),
        (String::new(), String::new(), Some("x".repeat(1024 * 1024)), Some("EntityTooLarge")),
        (String::new(), String::new(), Some("x".repeat(3 * 1024 * 1024)), Some("EntityTooLarge")),
    ] {
        let task = open(&server, fnf());
        let request = match &output {
            Some(output) => Rpc::succeeded(&task, output),
            None => Rpc::failed(&task, &error, &cause),
        };
        let answer = request.send(&server).await.unwrap();
        let sizes = (error.len(), cause.len(), output.map(|output| output.len()));
        assert_eq!(answer.status, if expected.is_some() { 400 } else { 200 }, "{sizes:?} {}", answer.body);
        assert_eq!(answer.code(), expected.unwrap_or_default(), "{sizes:?}");
    }
    let task = open(&server, fnf());
    for name in ["TaskToken", "Output"] {
        let answer = Rpc::succeeded(&task, "{}").without(name).send(&server).await.unwrap();
        assert_eq!(answer.code(), "MissingRequiredParams");
        assert!(answer.json()["Message"].as_str().unwrap().contains(name));
    }
}

#[tokio::test]
async fn unknown_token_is_not_echoed() {
    let server = server().await;
    let mut strange = open(&server, fnf());
    for text in ["strange+token/==".to_owned(), "y".repeat(4097), String::new()] {
        strange.token = TaskToken::new(Service::Fnf, "placeholder").unwrap();
        let answer = Rpc::succeeded(&strange, "{}").with("TaskToken", &text).send(&server).await.unwrap();
        assert_eq!((answer.status, answer.code()), (400, "InvalidArgument".to_owned()));
        assert!(answer.body.contains("TaskToken is invalid"), "{}", answer.body);
        assert!(text.is_empty() || !answer.body.contains(&text), "{}", answer.body);
    }
}

#[tokio::test]
async fn repeated_parameter_is_refused() {
    let server = server().await;
    let task = open(&server, fnf());
    let mut request = Rpc::succeeded(&task, "{}");
    request.body.push(("Output".to_owned(), "{\"other\":1}".to_owned()));
    assert_eq!(request.code(&server).await, (400, "InvalidArgument".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn task_times_out_on_the_second() {
    let server = server().await;
    let (early, late) = (open(&server, fnf()), open(&server, fnf().timeout(Duration::from_secs(5))));
    advance(Duration::from_millis(4_999)).await;
    assert_eq!(server.state().task(&late.fingerprint).unwrap().state, TaskState::Open);
    advance(Duration::from_millis(1)).await;
    assert_eq!(server.state().task(&late.fingerprint).unwrap().state, TaskState::TimedOut);
    assert_eq!(Rpc::succeeded(&late, "{}").code(&server).await, (400, "TaskAlreadyCompleted".to_owned()));
    assert_eq!(Rpc::succeeded(&early, "{}").send(&server).await.unwrap().status, 200);
}

#[tokio::test(start_paused = true)]
async fn report_limit_is_ten_calls() {
    let server = bind(Config { fnf_limits: true, ..Config::default() }).await;
    let task = open(&server, fnf());
    let mut codes = Vec::new();
    for _ in 0..12 {
        codes.push(Rpc::succeeded(&task, "{}").send(&server).await.unwrap().status);
    }
    assert_eq!(codes, [200, 400, 400, 400, 400, 400, 400, 400, 400, 400, 429, 429]);
    advance(Duration::from_millis(500)).await;
    assert_eq!(Rpc::succeeded(&task, "{}").code(&server).await.1, "TaskAlreadyCompleted");
    assert_eq!(Rpc::succeeded(&task, "{}").code(&server).await, (429, "ResourceThrottled".to_owned()));
    assert_eq!(server.state().task(&task.fingerprint).unwrap().reports.len(), 14);
}

#[tokio::test]
async fn racing_reports_leave_one_outcome() {
    let server = server().await;
    let task = open(&server, fnf());
    let outputs: Vec<_> = (0..16).map(|n| n.to_string()).collect();
    let requests: Vec<_> = outputs.iter().map(|output| Rpc::succeeded(&task, output)).collect();
    let mut accepted = 0;
    let mut racing = tokio::task::JoinSet::new();
    let server = std::sync::Arc::new(server);
    for request in requests {
        let server = server.clone();
        racing.spawn(async move { request.send(&server).await.unwrap().status });
    }
    while let Some(status) = racing.join_next().await {
        accepted += usize::from(status.unwrap() == 200);
    }
    let seen = server.state().task(&task.fingerprint).unwrap();
    assert_eq!(accepted, 1);
    assert_eq!((seen.reports.len(), seen.reports.iter().filter(|r| r.accepted).count()), (16, 1));
    assert!(seen.reports[0].accepted, "the list is in the order in which reports took effect");
}

#[tokio::test]
async fn malformed_requests_get_a_response() {
    let server = server().await;
    for (line, body) in
        [("GET /", ""), ("POST /", "%%%"), ("POST /?Action", ""), ("PUT /?%FF=1", "x"), ("POST /?&&=&", "")]
    {
        let answer = send(&server, line, &[("content-type", "application/x-www-form-urlencoded")], body)
            .await
            .unwrap();
        assert_eq!(answer.status, 400, "{line}: {}", answer.body);
    }
}
