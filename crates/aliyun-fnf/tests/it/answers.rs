use aliyun_fnf::{
    CreateFlow, DeleteFlow, DescribeExecution, DescribeFlow, Error, ErrorKind, GetExecutionHistory,
    ListExecutions, ReportTaskFailed, ReportTaskSucceeded, StartExecution, StopExecution,
};

use crate::server::{REPORTED, Reply, Server, TOKEN, answer, ok};

async fn report(reply: Reply) -> Result<aliyun_fnf::Reported, Error> {
    let server = Server::start(vec![reply]).await;
    let answered = server.client().call(ReportTaskSucceeded::new(TOKEN, "{}")).await;
    assert_eq!(server.seen().len(), 1, "nothing is tried again");
    answered
}

#[tokio::test]
async fn success_has_event_and_request_id() {
    for body in [REPORTED, r#"{"eventId":"7","requestId":"REQ-1"}"#] {
        let reported = report(ok(body)).await.unwrap();
        assert_eq!(reported.event_id, Some(7));
        assert_eq!(reported.request_id.as_deref(), Some("REQ-1"));
    }
}

#[tokio::test]
async fn documented_codes_have_kind_and_details() {
    let cases = [
        (429, "ResourceThrottled", ErrorKind::Throttled),
        (500, "InternalServerError", ErrorKind::Unavailable),
        (409, "TaskInvalidState", ErrorKind::Conflict),
        (400, "TaskAlreadyCompleted", ErrorKind::Completed),
        (403, "AccessDenied", ErrorKind::Denied),
        (403, "RequestTimeTooSkewed", ErrorKind::Skewed),
        (400, "EntityTooLarge", ErrorKind::TooLarge),
        (400, "InvalidArgument", ErrorKind::Refused),
        (404, "FlowNotExists", ErrorKind::NotFound),
        (415, "UnsupportedMediaType", ErrorKind::Refused),
        (400, "UnknownCode", ErrorKind::Unexpected),
    ];
    for (status, code, kind) in cases {
        for (c, m, r) in [("Code", "Message", "RequestId"), ("code", "message", "requestId")] {
            let body = format!(r#"{{"{c}":"{code}","{m}":"because","{r}":"REQ-2"}}"#);
            let error = report(answer(status, &body)).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{code}");
            assert_eq!(error.status(), Some(status));
            assert_eq!(error.code(), Some(code));
            assert_eq!(error.message(), "because");
            assert_eq!(error.request_id(), Some("REQ-2"));
            assert_eq!(error.operation(), Some("ReportTaskSucceeded"));
            assert!(error.may_have_been_sent());
            let shown = format!("ReportTaskSucceeded: {status} {code}: because (request id REQ-2)");
            assert_eq!(error.to_string(), shown);
        }
    }
}

#[tokio::test]
async fn gateway_response_keeps_its_status() {
    let html = "<html><body>502 Bad Gateway</body></html>";
    let cases = [
        (502, html, ErrorKind::Unavailable),
        (503, "", ErrorKind::Unavailable),
        (429, "slow down", ErrorKind::Throttled),
        (403, html, ErrorKind::NoResponse),
        (302, "", ErrorKind::NoResponse),
        (400, "[]", ErrorKind::NoResponse),
    ];
    for (status, body, kind) in cases {
        let error = report(answer(status, body)).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.status(), error.code()),
            (kind, Some(status), None),
            "{status} {body}"
        );
        assert!(!format!("{error:?} {error}").contains("html"), "the body is never shown");
    }
}

const FOREIGN: [&str; 12] = [
    "",
    "<html>welcome to the hotel</html>",
    "[]",
    "null",
    "{}",
    r#"{"status":"ok"}"#,
    r#"{"RequestId":"#,
    r#"{"RequestId":""}"#,
    r#"{"RequestId":null,"EventId":7}"#,
    r#"{"EventId":7}"#,
    r#"{"RequestId":["REQ-1"],"EventId":7}"#,
    r#"[["RequestId","REQ-1"],["EventId",7]]"#,
];

#[tokio::test]
async fn foreign_200_counts_as_no_response() {
    for body in FOREIGN {
        let error = report(ok(body)).await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::NoResponse, Some(200)), "{body}");
        assert!(error.may_have_been_sent(), "{body}");
    }
}

/// A start, a stop and a query: each could be mistaken for a success or an empty result.
#[tokio::test]
async fn no_operation_accepts_a_foreign_200() {
    async fn kinds(server: &Server) -> Vec<ErrorKind> {
        let client = server.client();
        macro_rules! kinds {
            ($($request:expr),* $(,)?) => { vec![$(client.call($request).await.unwrap_err().kind()),*] };
        }
        kinds![
            ReportTaskSucceeded::new(TOKEN, "{}"),
            ReportTaskFailed::new(TOKEN, "E"),
            StartExecution::new("f"),
            StopExecution::new("f", "e"),
            DescribeExecution::new("f", "e"),
            GetExecutionHistory::new("f", "e"),
            ListExecutions::new("f"),
            CreateFlow::new("f", "d", "for tests"),
            DescribeFlow::new("f"),
            DeleteFlow::new("f"),
        ]
    }
    for body in [r#"{"Status":"Succeeded","Name":"e","FlowName":"f","Events":[],"EventId":7}"#, "{}"] {
        let server = Server::start((0..10).map(|_| ok(body)).collect()).await;
        assert_eq!(kinds(&server).await, [ErrorKind::NoResponse; 10], "{body}");
        assert_eq!(server.seen().len(), 10);
    }
}

/// An error has a meaning for the task only if the service wrote it.
#[tokio::test]
async fn error_without_request_id_counts_as_no_response() {
    for (status, code) in [
        (400, "TaskAlreadyCompleted"),
        (200, "TaskAlreadyCompleted"),
        (400, "ExecutionAlreadyExists"),
        (404, "ExecutionNotExists"),
        (400, "InvalidArgument"),
        (400, "EntityTooLarge"),
        (403, "AccessDenied"),
        (403, "RequestTimeTooSkewed"),
    ] {
        let error =
            report(answer(status, &format!(r#"{{"Code":"{code}","Message":"m"}}"#))).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::NoResponse, None), "{status} {code}");
        assert!(error.may_have_been_sent());
    }
}

#[tokio::test]
async fn code_in_a_200_is_an_error() {
    let body = r#"{"Code":"TaskAlreadyCompleted","Message":"m","RequestId":"REQ-2"}"#;
    let error = report(ok(body)).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Completed, Some(200)));
}

#[tokio::test]
async fn unusual_codes_and_ids_are_dropped() {
    for (status, code, id, kind) in [
        (400, r"a b\nERROR forged", "REQ-1", ErrorKind::Unexpected),
        (200, r"a b\nERROR forged", "REQ-1", ErrorKind::Unexpected),
        (400, "TaskAlreadyCompleted", "x y", ErrorKind::NoResponse),
    ] {
        let body = format!(r#"{{"Code":"{code}","Message":"m","RequestId":"{id}"}}"#);
        let error = report(answer(status, &body)).await.unwrap_err();
        let shown = error.request_id().unwrap_or("x y");
        assert_eq!((error.code(), shown, error.kind()), (None, id, kind), "{body}");
    }
}
