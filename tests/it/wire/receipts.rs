//! Responses that are a receipt, and those that only look like one.

use std::time::Duration;

use serde_json::{Value, json};
use taskback::Service;
use taskback::testing::direct_event;

use super::server::{Reply, Server};
use super::{ATTEMPTS, ID, reported, taskback};
use crate::route::Route;
use crate::support::envelope;

#[tokio::test]
async fn foreign_success_is_not_a_receipt() {
    let foreign = [
        ("application/xml", "<?xml version=\"1.0\"?><ListAllMyBucketsResult/>"),
        ("text/html", "<html>please log in</html>"),
        ("application/json", r#"{"status":"ok"}"#),
        ("application/json", r#"[1]"#),
        ("text/plain", "ok"),
    ];
    let empty = || Reply::http(200, "", "");
    for route in Route::ALL {
        let service = route.service();
        let pages = foreign.map(|(kind, body)| Reply::http(200, &format!("content-type: {kind}\r\n"), body));
        let redirect = Reply::http(302, "location: /login\r\n", "");
        // The last one would be another service's success.
        let other = match service {
            Service::Fnf => Reply::accepted(Service::Swf),
            Service::Swf => Reply::accepted(Service::Fnf),
            Service::Sfn => Reply::accepted(Service::Fnf),
            Service::Durable => Reply::accepted(Service::Fnf),
        };
        for reply in pages.into_iter().chain([empty(), redirect, other]) {
            let script = vec![reply.clone(), Reply::accepted(service)];
            assert_eq!(reported(route, script).await, (false, 2), "{route} {reply:?}");
            let script = vec![reply.clone(); 9];
            assert_eq!(reported(route, script).await, (true, ATTEMPTS as usize), "{route} {reply:?}");
        }
    }
}

/// A proxy may have passed the report on: the next attempt then finds the task closed, probably by us.
#[tokio::test]
async fn report_after_foreign_success_is_probably_us() {
    let closed = r#"{"__type":"UnknownResourceFault","message":"Unknown activity, scheduledEventId = 5"}"#;
    let script = [Reply::http(200, "", ""), Reply::http(400, "x-amzn-RequestId: R\r\n", closed)];
    for route in Route::SWF {
        let server = Server::start(script.clone()).await;
        let event = direct_event(&envelope(Service::Swf, "m", "{}"));
        let response = taskback(route, &server.url).handle(&event, Duration::from_secs(3)).await.unwrap();
        let answer: Value = serde_json::from_str(response.json()).unwrap();
        let found = (&answer["receipt"], &answer["closedBy"]);
        assert_eq!(found, (&"closed".into(), &"probably-us".into()), "{route}");
    }
}

/// FnF always sends a request id. Without one, not even a refusal says that the task is closed.
#[tokio::test]
async fn fnf_receipt_requires_a_request_id() {
    for (status, body) in
        [(200, r#"{"EventId":7}"#), (400, r#"{"Code":"TaskAlreadyCompleted","Message":"m"}"#)]
    {
        let script = vec![Reply::http(status, "", body), Reply::accepted(Service::Fnf)];
        assert_eq!(reported(Route::Fnf, script).await, (false, 2), "{body}");
        assert_eq!(
            reported(Route::Fnf, vec![Reply::http(status, "", body); 9]).await,
            (true, ATTEMPTS as usize)
        );
    }
}

#[tokio::test]
async fn swf_codes_match_in_every_spelling() {
    let codes = [
        // Retried, then reported.
        ("ThrottlingException", "Rate exceeded", (false, 2)),
        ("LimitExceededFault", "", (false, 2)),
        ("InternalFailure", "", (false, 2)),
        // Closed: acknowledged at once, and only if the response is SWF's own.
        ("UnknownResourceFault", "Unknown activity, scheduledEventId = 5", (false, 1)),
        ("UnknownResourceFault", "Unknown execution: WorkflowExecution=[workflowId=w, runId=r]", (false, 1)),
        // Needs a fix by an operator.
        ("UnknownResourceFault", "Unknown domain: d", (true, 1)),
        ("OperationNotPermittedFault", "", (true, 1)),
        ("AccessDeniedException", "", (true, 1)),
        ("UnrecognizedClientException", "", (true, 1)),
        ("ExpiredTokenException", "", (true, 1)),
        ("InvalidSignatureException", "", (true, 1)),
        ("ValidationException", "Invalid token", (true, 1)),
        ("SerializationException", "", (true, 1)),
        ("SomethingNew", "", (true, 1)),
    ];
    for (code, text, expected) in codes {
        let typed = |kind: &str| format!(r#"{{"__type":"{kind}","message":"{text}"}}"#);
        let spellings = [
            Reply::http(400, ID, &typed(code)),
            Reply::http(400, ID, &typed(&format!("com.amazonaws.swf.base.model#{code}"))),
            Reply::http(400, ID, &typed(code).replace("message", "Message")),
            Reply::http(
                400,
                &format!("{ID}x-amzn-ErrorType: {code}\r\n"),
                &format!(r#"{{"message":"{text}"}}"#),
            ),
            Reply::http(
                400,
                &format!("{ID}x-amzn-errortype: {code}:http://internal.amazon.com/coral/\r\n"),
                &format!(r#"{{"message":"{text}"}}"#),
            ),
        ];
        for reply in spellings {
            for route in Route::SWF {
                let script = vec![reply.clone(), Reply::accepted(Service::Swf)];
                assert_eq!(reported(route, script).await, expected, "{route} {reply:?}");
            }
        }
    }
}

#[tokio::test]
async fn sfn_codes_match_in_every_spelling() {
    let codes = [
        ("ThrottlingException", "Rate exceeded", (false, 2)),
        ("KmsThrottlingException", "", (false, 2)),
        ("InternalFailure", "", (false, 2)),
        ("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'", (false, 1)),
        ("TaskDoesNotExist", "", (false, 1)),
        ("InvalidToken", "Invalid Token: 'Invalid token'", (true, 1)),
        ("AccessDeniedException", "", (true, 1)),
        ("KmsAccessDeniedException", "", (true, 1)),
        ("KmsInvalidStateException", "", (true, 1)),
        ("SomethingNew", "", (true, 1)),
    ];
    for (code, text, expected) in codes {
        let body = json!({"__type": format!("com.amazonaws.swf.service.v2.model#{code}"), "message": text});
        let in_header = format!("{ID}x-amzn-errortype: {code}:http://internal.amazon.com/coral/\r\n");
        for reply in [Reply::http(400, ID, &body.to_string()), Reply::http(400, &in_header, "{}")] {
            for route in Route::SFN {
                let script = vec![reply.clone(), Reply::accepted(Service::Sfn)];
                assert_eq!(reported(route, script).await, expected, "{route} {reply:?}");
            }
        }
    }
}

/// The service refuses an output that fits the documented limits: one fixed failure takes its place.
#[tokio::test]
async fn refused_sfn_output_is_replaced_once() {
    let text = "1 validation error detected: Value at 'output' failed to satisfy constraint: Member must have length \
                less than or equal to 9";
    for (code, text, error) in [
        ("InvalidOutput", "Invalid Output", "OutputRefused"),
        ("ValidationException", text, "OutputTooLarge"),
    ] {
        let refusal = Reply::http(400, ID, &json!({"__type": code, "message": text}).to_string());
        for route in Route::SFN {
            let server = Server::start([refusal.clone(), Reply::accepted(Service::Sfn)]).await;
            let event = direct_event(&envelope(Service::Sfn, "m", "{}"));
            let response = taskback(route, &server.url).handle(&event, Duration::from_secs(3)).await.unwrap();
            let answer: Value = serde_json::from_str(response.json()).unwrap();
            assert_eq!(
                (&answer["receipt"], &answer["error"]),
                (&"recorded".into(), &error.into()),
                "{route}"
            );
            assert!(server.requests()[1].head.contains("SendTaskFailure"), "{route}");
        }
    }
}

/// A response beyond the size limit counts as lost: the report may have been accepted, and the next attempt
/// finds the task closed, probably by us.
#[tokio::test]
async fn oversized_response_counts_as_lost() {
    let closed = |service| match service {
        Service::Fnf => {
            Reply::http(400, "", r#"{"Code":"TaskAlreadyCompleted","Message":"m","RequestId":"R"}"#)
        }
        Service::Swf => Reply::http(
            400,
            ID,
            r#"{"__type":"com.amazonaws.swf.base.model#UnknownResourceFault","message":"Unknown activity"}"#,
        ),
        Service::Sfn => {
            Reply::http(400, ID, r#"{"__type":"TaskTimedOut","message":"Task Timed Out: 'arn'"}"#)
        }
        Service::Durable => Reply::http(
            400,
            &format!("{ID}x-amzn-ErrorType: CallbackTimeoutException\r\n"),
            r#"{"Type":"User","Message":"The callback is either timed out or already completed"}"#,
        ),
    };
    let large = "x".repeat(100 << 10);
    for route in Route::ALL {
        let service = route.service();
        let body = format!(r#"{{"EventId":7,"RequestId":"R","X":"{large}"}}"#);
        let chunks = "1\r\n \r\n".repeat(100 << 10);
        let endless = format!("HTTP/1.1 200 X\r\n{ID}transfer-encoding: chunked\r\n\r\n{chunks}0\r\n\r\n");
        let announced = format!("HTTP/1.1 200 X\r\n{ID}content-length: 99999999999\r\n\r\n{{}}");
        let headers = format!("{ID}{}", "x-h: 1\r\n".repeat(200));
        let long = format!("{ID}x-h: {}\r\n", "x".repeat(1 << 20));
        for reply in [
            Reply::http(200, ID, &body),
            Reply::http(400, ID, &body),
            Reply::Last(endless),
            Reply::Bytes(announced),
            Reply::http(200, &headers, r#"{"EventId":7,"RequestId":"R"}"#),
            Reply::http(200, &long, r#"{"EventId":7,"RequestId":"R"}"#),
        ] {
            let server = Server::start([reply.clone(), closed(service)]).await;
            let event = direct_event(&envelope(service, "m", "{}"));
            let response =
                taskback(route, &server.url).handle(&event, Duration::from_secs(20)).await.unwrap();
            let response: Value = serde_json::from_str(response.json()).unwrap();
            let found = (&response["receipt"], &response["closedBy"], server.requests().len());
            let shown = &format!("{reply:?}")[..60];
            assert_eq!(found, (&"closed".into(), &"probably-us".into(), 2), "{route} {shown}");
        }
    }
}
