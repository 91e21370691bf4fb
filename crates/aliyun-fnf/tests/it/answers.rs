use aliyun_fnf::{Error, ErrorKind, ReportTaskSucceeded};

use crate::server::{REPORTED, Reply, Server, TOKEN, answer, ok};

async fn report(reply: Reply) -> Result<aliyun_fnf::Reported, Error> {
    let server = Server::start(vec![reply]).await;
    let answered = server.client().call(ReportTaskSucceeded::new(TOKEN, "{}")).await;
    assert_eq!(server.seen().len(), 1, "nothing is tried again");
    answered
}

#[tokio::test]
async fn a_success_brings_event_and_request_id_in_either_spelling() {
    for body in [REPORTED, r#"{"eventId":"7","requestId":"REQ-1"}"#] {
        let reported = report(ok(body)).await.unwrap();
        assert_eq!(reported.event_id, Some(7));
        assert_eq!(reported.request_id.as_deref(), Some("REQ-1"));
    }
}

#[tokio::test]
async fn every_documented_code_has_its_kind_and_keeps_its_details() {
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
        (400, "NobodyKnowsThis", ErrorKind::Unexpected),
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
async fn what_a_gateway_answers_keeps_its_status() {
    let html = "<html><body>502 Bad Gateway</body></html>";
    let cases = [
        (502, html, ErrorKind::Unavailable),
        (503, "", ErrorKind::Unavailable),
        (429, "slow down", ErrorKind::Throttled),
        (403, html, ErrorKind::Unexpected),
        (302, "", ErrorKind::Unexpected),
        (400, "[]", ErrorKind::Unexpected),
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

#[tokio::test]
async fn a_200_that_is_not_the_services_own_is_no_success() {
    for body in [
        "",
        "<html>welcome to the hotel</html>",
        "[]",
        "null",
        "{}",
        r#"{"status":"ok"}"#,
        r#"{"RequestId":"#,
    ] {
        let error = report(ok(body)).await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::Unexpected, Some(200)), "{body}");
        assert!(error.may_have_been_sent(), "{body}");
    }
}

#[tokio::test]
async fn a_200_with_a_code_is_that_error() {
    let body = r#"{"Code":"TaskAlreadyCompleted","Message":"m","RequestId":"REQ-2"}"#;
    let error = report(ok(body)).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Completed, Some(200)));
}

#[tokio::test]
async fn codes_and_ids_that_are_not_plain_words_are_not_passed_on() {
    let body = r#"{"Code":"a b\nERROR forged","Message":"m","RequestId":"x y"}"#;
    let error = report(answer(400, body)).await.unwrap_err();
    assert_eq!((error.code(), error.request_id()), (None, None));
    assert_eq!(error.kind(), ErrorKind::Unexpected);
}
