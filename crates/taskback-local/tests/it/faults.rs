use std::time::Duration;

use serde_json::json;
use taskback_core::Service;
use taskback_local::{Fault, FaultKind, OpenTask, TaskState};
use tokio::time::Instant;

use crate::client::{Rpc, open, server, swf_or_cut};

/// Status and code of an answer; `None` if the connection ends.
type Answer = Option<(u16, &'static str)>;

/// Each kind with the answers of FnF and SWF.
const KINDS: [(FaultKind, Answer, Answer); 7] = [
    (FaultKind::Throttle, Some((429, "ResourceThrottled")), Some((400, "ThrottlingException"))),
    (FaultKind::Error500, Some((500, "InternalServerError")), Some((500, "InternalFailure"))),
    (FaultKind::Refuse, Some((403, "AccessDenied")), Some((400, "AccessDeniedException"))),
    (FaultKind::Skewed, Some((403, "RequestTimeTooSkewed")), Some((400, "InvalidSignatureException"))),
    (FaultKind::Html502, Some((502, "")), Some((502, ""))),
    (FaultKind::Cut, None, None),
    (FaultKind::LostAck, None, None),
];

#[tokio::test]
async fn faults_use_service_errors() {
    let server = server().await;
    let state = server.state();
    for (kind, fnf_answer, swf_answer) in KINDS {
        let fnf = open(&server, OpenTask::new(Service::Fnf));
        let swf = open(&server, OpenTask::new(Service::Swf));
        state.inject(Fault::new("ReportTaskSucceeded", kind)).unwrap();
        state.inject(Fault::new("RespondActivityTaskCompleted", kind)).unwrap();
        let body = json!({ "taskToken": swf.token.expose() });
        let answers = [
            (Rpc::succeeded(&fnf, "{}").send(&server).await, fnf_answer, fnf),
            (swf_or_cut(&server, "RespondActivityTaskCompleted", body).await, swf_answer, swf),
        ];
        for (answer, expected, task) in answers {
            let shown = answer.as_ref().map(|answer| {
                let html = answer.body.starts_with("<html>");
                (answer.status, if html { String::new() } else { answer.code() })
            });
            assert_eq!(shown, expected.map(|(status, code)| (status, code.to_owned())), "{kind}");
            let seen = state.task(&task.fingerprint).unwrap();
            let accepted = kind == FaultKind::LostAck;
            assert_eq!(seen.state, if accepted { TaskState::Succeeded } else { TaskState::Open }, "{kind}");
            let [attempt] = seen.reports.as_slice() else { panic!("{kind}: {:?}", seen.reports) };
            assert_eq!(attempt.accepted, accepted);
            assert_eq!(attempt.status, expected.map(|(status, _)| status));
            assert_eq!(attempt.code.as_deref().unwrap_or_default(), expected.map_or("", |(_, code)| code));
            assert_eq!(attempt.fault.as_deref(), Some(kind.to_string().as_str()));
        }
    }
    assert_eq!(state.faults(), []);
}

#[tokio::test]
async fn second_report_reveals_lost_response() {
    let server = server().await;
    let task = open(&server, OpenTask::new(Service::Fnf));
    server.state().inject(Fault::new("*", FaultKind::LostAck).times(2).for_task(&task.fingerprint)).unwrap();
    let other = open(&server, OpenTask::new(Service::Fnf));
    assert_eq!(Rpc::succeeded(&other, "{}").send(&server).await.unwrap().status, 200);
    assert!(Rpc::succeeded(&task, "{}").send(&server).await.is_none());
    assert!(Rpc::succeeded(&task, "{}").send(&server).await.is_none());
    assert_eq!(Rpc::succeeded(&task, "{}").code(&server).await.1, "TaskAlreadyCompleted");
    let accepted: Vec<_> = server
        .state()
        .task(&task.fingerprint)
        .unwrap()
        .reports
        .iter()
        .map(|report| report.accepted)
        .collect();
    assert_eq!(accepted, [true, false, false]);
}

#[tokio::test(start_paused = true)]
async fn delayed_report_is_accepted_at_once() {
    let server = server().await;
    let task = open(&server, OpenTask::new(Service::Fnf));
    let kind: FaultKind = "delay:30000".parse().unwrap();
    server.state().inject(Fault::new("ReportTaskSucceeded", kind)).unwrap();
    let start = Instant::now();
    let request = Rpc::succeeded(&task, "{}");
    let given_up = tokio::time::timeout(Duration::from_secs(10), request.send(&server)).await;
    assert!(given_up.is_err());
    assert_eq!(server.state().task(&task.fingerprint).unwrap().state, TaskState::Succeeded);
    server.state().inject(Fault::new("ReportTaskSucceeded", kind)).unwrap();
    assert_eq!(Rpc::succeeded(&task, "{}").code(&server).await.1, "TaskAlreadyCompleted");
    assert_eq!(start.elapsed().as_secs(), 40);
}

#[tokio::test]
async fn unsigned_call_gets_no_fault() {
    let server = server().await;
    let task = open(&server, OpenTask::new(Service::Fnf));
    server.state().inject(Fault::new("*", FaultKind::Throttle)).unwrap();
    let mut forged = Rpc::succeeded(&task, "{}");
    forged.secret = "guessed".to_owned();
    assert_eq!(forged.code(&server).await.1, "SignatureNotMatch");
    assert_eq!(Rpc::succeeded(&task, "{}").code(&server).await.1, "ResourceThrottled");
    assert_eq!(Rpc::succeeded(&task, "{}").send(&server).await.unwrap().status, 200);
}
