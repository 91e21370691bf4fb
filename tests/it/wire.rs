//! Both services' clients against a server that answers in raw bytes: what is kept, what is told,
//! and that the one retry loop makes every request there is.

pub(crate) mod server;

use std::time::{Duration, Instant};

use serde_json::Value;
use taskback::core::{RetryPolicy, Service};
use taskback::{Services, StepError, Task, Taskback};
use tokio::net::TcpListener;

use crate::support::{kept_within, message};
use server::{Reply, Server};

const BOTH: [Service; 2] = [Service::Fnf, Service::Swf];
const ATTEMPTS: u32 = 3;
const HTML: &str = "<html><body><h1>502 Bad Gateway</h1></body></html>";

async fn done(_: Task<Value>) -> Result<&'static str, StepError> {
    Ok("done")
}

fn taskback(url: &str) -> Taskback {
    let retry = RetryPolicy { base: Duration::from_millis(2), attempts: ATTEMPTS, ..RetryPolicy::default() };
    let services = Services::local(url).unwrap();
    Taskback::builder().step(done).services(services).retry(retry).build().unwrap()
}

/// Whether the message is kept that is answered so, and how many requests that took.
async fn told(service: Service, script: Vec<Reply>) -> (bool, usize) {
    let server = Server::start(script).await;
    let kept = is_kept(&taskback(&server.url), service, "m").await;
    for request in server.requests() {
        assert!(tells_done(service, &request), "{request:?}");
    }
    (kept, server.requests().len())
}

async fn is_kept(taskback: &Taskback, service: Service, name: &str) -> bool {
    !kept_within(taskback, &[message(service, name)], Duration::from_millis(1500)).await.is_empty()
}

fn tells_done(service: Service, request: &server::Request) -> bool {
    match service {
        Service::Fnf => {
            request.line.contains("Action=ReportTaskSucceeded&") && request.body == "Output=%22done%22"
        }
        Service::Swf => {
            request.head.contains("RespondActivityTaskCompleted") && request.body.contains(r#""done""#)
        }
    }
}

/// Answers that say nothing of the report.
fn passing() -> Vec<Reply> {
    let short = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{";
    vec![
        Reply::Reset,
        Reply::Last(String::new()),
        Reply::Last(short.into()),
        Reply::Last("HTTP/1.1 200".into()),
        Reply::Last("no HTTP at all\r\n\r\n".into()),
        Reply::http(502, "content-type: text/html\r\n", HTML),
        Reply::http(503, "", ""),
        Reply::http(500, "", "{}"),
    ]
}

/// Answers that say to wait.
fn throttled(service: Service) -> Vec<Reply> {
    let own = match service {
        Service::Fnf => Reply::http(429, "", r#"{"Code":"ResourceThrottled","Message":"m","RequestId":"R"}"#),
        Service::Swf => Reply::http(400, "", r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#),
    };
    vec![own, Reply::http(429, "", ""), Reply::http(429, "content-type: text/html\r\n", HTML)]
}

#[tokio::test]
async fn a_fault_that_passes_costs_one_request_and_no_outcome() {
    for service in BOTH {
        for fault in passing() {
            let script = vec![fault.clone(), Reply::accepted(service)];
            assert_eq!(told(service, script).await, (false, 2), "{service} {fault:?}");
        }
    }
}

#[tokio::test]
async fn a_fault_that_stays_is_met_as_often_as_the_one_retry_loop_says() {
    for service in BOTH {
        for fault in passing() {
            let script = vec![fault.clone(); 9];
            assert_eq!(told(service, script).await, (true, ATTEMPTS as usize), "{service} {fault:?}");
        }
    }
}

#[tokio::test]
async fn a_throttled_report_is_tried_again_as_the_one_retry_loop_says() {
    for fault in throttled(Service::Swf) {
        let script = vec![fault.clone(), Reply::accepted(Service::Swf)];
        assert_eq!(told(Service::Swf, script).await, (false, 2), "{fault:?}");
        assert_eq!(told(Service::Swf, vec![fault.clone(); 9]).await, (true, ATTEMPTS as usize), "{fault:?}");
    }
}

#[tokio::test]
async fn a_throttled_fnf_report_also_waits_for_the_clients_own_limiter() {
    let service = Service::Fnf;
    let report = async |fault: Reply| {
        let server = Server::start([fault, Reply::accepted(service)]).await;
        let start = Instant::now();
        let time = Duration::from_secs(3);
        let kept = kept_within(&taskback(&server.url), &[message(service, "m")], time).await;
        assert!(kept.is_empty());
        assert_eq!(server.requests().len(), 2);
        // A throttle halves the refill of 2 a second.
        assert!(start.elapsed() >= Duration::from_millis(990), "{:?}", start.elapsed());
    };
    let [own, bare, page] = throttled(service).try_into().unwrap();
    tokio::join!(report(own), report(bare), report(page));
}

#[tokio::test]
async fn a_connection_that_is_closed_unread_is_opened_again() {
    for service in BOTH {
        let server = Server::start([Reply::Unread, Reply::accepted(service)]).await;
        assert!(!is_kept(&taskback(&server.url), service, "m").await, "{service}");
        assert_eq!((server.connections(), server.requests().len()), (2, 1), "{service}");

        let server = Server::start(vec![Reply::Unread; 9]).await;
        assert!(is_kept(&taskback(&server.url), service, "m").await, "{service}");
        assert_eq!(server.connections(), ATTEMPTS as usize, "{service}");
    }
}

#[tokio::test]
async fn a_refused_connection_keeps_the_message_and_the_outcome_is_told_later() {
    for service in BOTH {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let url = format!("http://{address}");
        drop(listener);
        let taskback = taskback(&url);
        assert!(is_kept(&taskback, service, "m").await, "{service}");
        // Back again, the service is told what was decided then.
        let listener = TcpListener::bind(address).await.unwrap();
        let server = Server::listen(listener, [Reply::accepted(service)]);
        assert!(!is_kept(&taskback, service, "m").await, "{service}");
        assert_eq!(server.requests().len(), 1, "{service}");
    }
}

#[tokio::test]
async fn a_kept_outcome_is_told_as_it_was_when_the_message_comes_again() {
    for service in BOTH {
        let script = vec![Reply::Reset, Reply::Reset, Reply::Reset, Reply::accepted(service)];
        let server = Server::start(script).await;
        let taskback = taskback(&server.url);
        assert!(is_kept(&taskback, service, "m").await, "{service}");
        assert!(!is_kept(&taskback, service, "m").await, "{service}");
        assert_eq!(server.requests().len(), 4, "{service}");
        // A receipt is the end: a third delivery asks nobody.
        assert!(!is_kept(&taskback, service, "m").await, "{service}");
        assert_eq!(server.requests().len(), 4, "{service}");
    }
}

/// By the real clock, which a busy machine stretches; to the millisecond it is tested with a paused one.
#[tokio::test]
async fn a_silent_service_is_given_up_at_the_deadline() {
    for service in BOTH {
        let server = Server::start(vec![Reply::Silence; 9]).await;
        let taskback = taskback(&server.url);
        let (start, time) = (Instant::now(), Duration::from_millis(1000));
        assert_eq!(kept_within(&taskback, &[message(service, "m")], time).await, ["m"], "{service}");
        assert!(start.elapsed() < 3 * time, "{service} {:?}", start.elapsed());
        assert!((1..=ATTEMPTS as usize).contains(&server.requests().len()), "{service}");
    }
}

#[tokio::test]
async fn a_success_that_is_not_the_services_own_is_none_and_is_not_tried_again() {
    let foreign = [
        ("application/xml", "<?xml version=\"1.0\"?><ListAllMyBucketsResult/>"),
        ("text/html", "<html>please log in</html>"),
        ("application/json", r#"{"status":"ok"}"#),
        ("application/json", r#"[1]"#),
        ("text/plain", "ok"),
    ];
    for service in BOTH {
        for (kind, body) in foreign {
            let script = vec![Reply::http(200, &format!("content-type: {kind}\r\n"), body)];
            assert_eq!(told(service, script).await, (true, 1), "{service} {body}");
        }
    }
    // Each would be the other's success.
    assert_eq!(told(Service::Swf, vec![Reply::accepted(Service::Fnf)]).await, (true, 1));
    assert_eq!(told(Service::Fnf, vec![Reply::accepted(Service::Swf)]).await, (true, 1));
}

#[tokio::test]
async fn every_spelling_of_an_swf_code_means_the_same() {
    let codes = [
        // Tried again, then told.
        ("ThrottlingException", "Rate exceeded", (false, 2)),
        ("LimitExceededFault", "", (false, 2)),
        ("InternalFailure", "", (false, 2)),
        // Closed: done at once.
        ("UnknownResourceFault", "Unknown activity, scheduledEventId = 5", (false, 1)),
        ("UnknownResourceFault", "Unknown execution: WorkflowExecution=[workflowId=w, runId=r]", (false, 1)),
        // Somebody must mend it.
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
            Reply::http(400, "", &typed(code)),
            Reply::http(400, "", &typed(&format!("com.amazonaws.swf.base.model#{code}"))),
            Reply::http(400, "", &typed(code).replace("message", "Message")),
            Reply::http(400, &format!("x-amzn-ErrorType: {code}\r\n"), &format!(r#"{{"message":"{text}"}}"#)),
            Reply::http(
                400,
                &format!("x-amzn-errortype: {code}:http://internal.amazon.com/coral/\r\n"),
                &format!(r#"{{"message":"{text}"}}"#),
            ),
        ];
        for reply in spellings {
            let script = vec![reply.clone(), Reply::accepted(Service::Swf)];
            assert_eq!(told(Service::Swf, script).await, expected, "{reply:?}");
        }
    }
}

#[tokio::test]
async fn a_connection_that_died_while_the_function_was_frozen_loses_no_report() {
    for service in BOTH {
        let (accepted, requests) = (Reply::accepted(service), |server: &Server| server.requests().len());
        // Closed meanwhile, and noticed.
        let server = Server::start([accepted.clone().and_close(), accepted.clone()]).await;
        let closed = taskback(&server.url);
        assert!(!is_kept(&closed, service, "before").await, "{service}");
        assert!(!is_kept(&closed, service, "after").await, "{service}");
        assert_eq!((requests(&server), server.connections()), (2, 2), "{service}");

        // Forgotten by the other side: the first report is answered with a reset, or not at all.
        for dead in [Reply::Reset, Reply::Last(String::new()), Reply::Silence] {
            let server = Server::start([accepted.clone(), dead.clone(), accepted.clone()]).await;
            let frozen = taskback(&server.url);
            assert!(!is_kept(&frozen, service, "before").await, "{service}");
            assert!(!is_kept(&frozen, service, "after").await, "{service} {dead:?}");
            assert_eq!((requests(&server), server.connections()), (3, 2), "{service} {dead:?}");
        }
    }
}
