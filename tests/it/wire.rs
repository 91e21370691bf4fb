//! The clients of all services against a server that sends raw bytes: reported outcomes, nacked messages,
//! and one retry loop for all requests.

mod golden;
mod receipts;
pub(crate) mod server;
mod signature;

use std::time::{Duration, Instant};

use serde_json::Value;
use taskback::{RetryPolicy, Service};
use taskback::{StepError, Task, Taskback};
use tokio::net::TcpListener;

use crate::route::Route;
use crate::support::{kept_within, message};
use server::{Reply, Server};

const ATTEMPTS: u32 = 3;
const ID: &str = "x-amzn-RequestId: REQ-1\r\n";
const HTML: &str = "<html><body><h1>502 Bad Gateway</h1></body></html>";

async fn done(_: Task<Value>) -> Result<&'static str, StepError> {
    Ok("done")
}

fn taskback(route: Route, url: &str) -> Taskback {
    let retry = RetryPolicy { base: Duration::from_millis(2), attempts: ATTEMPTS, ..RetryPolicy::default() };
    let services = route.services(url);
    Taskback::builder().step(done).services(services).retry(retry).build().unwrap()
}

/// Whether the message is nacked after these replies, and the number of requests.
async fn reported(route: Route, script: Vec<Reply>) -> (bool, usize) {
    let server = Server::start(script).await;
    let service = route.service();
    let kept = is_nack(&taskback(route, &server.url), service, "m").await;
    for request in server.requests() {
        assert!(reports_success(service, &request), "{request:?}");
    }
    (kept, server.requests().len())
}

async fn is_nack(taskback: &Taskback, service: Service, name: &str) -> bool {
    !kept_within(taskback, &[message(service, name)], Duration::from_millis(1500)).await.is_empty()
}

fn reports_success(service: Service, request: &server::Request) -> bool {
    match service {
        Service::Fnf => {
            request.line.contains("Action=ReportTaskSucceeded&") && request.body == "Output=%22done%22"
        }
        Service::Swf => {
            request.head.contains("RespondActivityTaskCompleted") && request.body.contains(r#""done""#)
        }
        Service::Sfn => {
            request.head.contains("AWSStepFunctions.SendTaskSuccess")
                && request.body.contains(r#""output":"\"done\"""#)
        }
        Service::Durable => request.line.contains("/succeed") && request.body == r#""done""#,
    }
}

/// Responses that do not say whether the report was accepted.
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

/// Responses that throttle.
fn throttled(service: Service) -> Vec<Reply> {
    let own = match service {
        Service::Fnf => Reply::http(429, "", r#"{"Code":"ResourceThrottled","Message":"m","RequestId":"R"}"#),
        Service::Swf => Reply::http(400, "", r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#),
        Service::Sfn => Reply::http(400, "", r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#),
        Service::Durable => {
            let code = "x-amzn-ErrorType: TooManyRequestsException\r\n";
            Reply::http(429, code, r#"{"Type":"User","message":"Rate exceeded"}"#)
        }
    };
    vec![own, Reply::http(429, "", ""), Reply::http(429, "content-type: text/html\r\n", HTML)]
}

#[tokio::test]
async fn passing_fault_costs_one_request() {
    for route in Route::ALL {
        let service = route.service();
        for fault in passing() {
            let script = vec![fault.clone(), Reply::accepted(service)];
            assert_eq!(reported(route, script).await, (false, 2), "{route} {fault:?}");
        }
    }
}

#[tokio::test]
async fn lasting_fault_uses_every_attempt() {
    for route in Route::ALL {
        for fault in passing() {
            let script = vec![fault.clone(); 9];
            assert_eq!(reported(route, script).await, (true, ATTEMPTS as usize), "{route} {fault:?}");
        }
    }
}

#[tokio::test]
async fn throttled_report_is_retried() {
    for route in Route::SWF {
        for fault in throttled(Service::Swf) {
            let script = vec![fault.clone(), Reply::accepted(Service::Swf)];
            assert_eq!(reported(route, script).await, (false, 2), "{route} {fault:?}");
            let script = vec![fault.clone(); 9];
            assert_eq!(reported(route, script).await, (true, ATTEMPTS as usize), "{route} {fault:?}");
        }
    }
}

#[tokio::test]
async fn throttled_fnf_report_waits_for_limiter() {
    let (route, service) = (Route::Fnf, Service::Fnf);
    let report = async |fault: Reply| {
        let server = Server::start([fault, Reply::accepted(service)]).await;
        let start = Instant::now();
        let time = Duration::from_secs(3);
        let kept = kept_within(&taskback(route, &server.url), &[message(service, "m")], time).await;
        assert!(kept.is_empty());
        assert_eq!(server.requests().len(), 2);
        // Throttling halves the refill of 2 per second.
        assert!(start.elapsed() >= Duration::from_millis(990), "{:?}", start.elapsed());
    };
    let [own, bare, page] = throttled(service).try_into().unwrap();
    tokio::join!(report(own), report(bare), report(page));
}

#[tokio::test]
async fn unread_closed_connection_is_reopened() {
    for route in Route::ALL {
        let service = route.service();
        let server = Server::start([Reply::Unread, Reply::accepted(service)]).await;
        assert!(!is_nack(&taskback(route, &server.url), service, "m").await, "{route}");
        assert_eq!((server.connections(), server.requests().len()), (2, 1), "{route}");

        let server = Server::start(vec![Reply::Unread; 9]).await;
        assert!(is_nack(&taskback(route, &server.url), service, "m").await, "{route}");
        assert_eq!(server.connections(), ATTEMPTS as usize, "{route}");
    }
}

#[tokio::test]
async fn refused_connection_nacks_and_reports_later() {
    for route in Route::ALL {
        let service = route.service();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let url = format!("http://{address}");
        drop(listener);
        let taskback = taskback(route, &url);
        assert!(is_nack(&taskback, service, "m").await, "{route}");
        // The redelivered message reports the decided outcome.
        let listener = TcpListener::bind(address).await.unwrap();
        let server = Server::listen(listener, [Reply::accepted(service)]);
        assert!(!is_nack(&taskback, service, "m").await, "{route}");
        assert_eq!(server.requests().len(), 1, "{route}");
    }
}

#[tokio::test]
async fn redelivery_reports_the_decided_outcome() {
    for route in Route::ALL {
        let service = route.service();
        let script = vec![Reply::Reset, Reply::Reset, Reply::Reset, Reply::accepted(service)];
        let server = Server::start(script).await;
        let taskback = taskback(route, &server.url);
        assert!(is_nack(&taskback, service, "m").await, "{route}");
        assert!(!is_nack(&taskback, service, "m").await, "{route}");
        assert_eq!(server.requests().len(), 4, "{route}");
        // After the receipt a third delivery sends no request.
        assert!(!is_nack(&taskback, service, "m").await, "{route}");
        assert_eq!(server.requests().len(), 4, "{route}");
    }
}

/// Measured with the real clock, which a busy machine stretches. A test with a paused clock checks
/// milliseconds.
#[tokio::test]
async fn silent_service_is_dropped_at_deadline() {
    for route in Route::ALL {
        let service = route.service();
        let server = Server::start(vec![Reply::Silence; 9]).await;
        let taskback = taskback(route, &server.url);
        let (start, time) = (Instant::now(), Duration::from_millis(1000));
        assert_eq!(kept_within(&taskback, &[message(service, "m")], time).await, ["m"], "{route}");
        assert!(start.elapsed() < 3 * time, "{route} {:?}", start.elapsed());
        assert!((1..=ATTEMPTS as usize).contains(&server.requests().len()), "{route}");
    }
}

#[tokio::test]
async fn connection_lost_during_freeze_loses_no_report() {
    for route in Route::ALL {
        let service = route.service();
        let (accepted, requests) = (Reply::accepted(service), |server: &Server| server.requests().len());
        // The closed connection was noticed.
        let server = Server::start([accepted.clone().and_close(), accepted.clone()]).await;
        let closed = taskback(route, &server.url);
        assert!(!is_nack(&closed, service, "before").await, "{route}");
        assert!(!is_nack(&closed, service, "after").await, "{route}");
        assert_eq!((requests(&server), server.connections()), (2, 2), "{route}");

        // The peer lost the connection: the first report gets a reset or no response.
        for dead in [Reply::Reset, Reply::Last(String::new()), Reply::Silence] {
            let server = Server::start([accepted.clone(), dead.clone(), accepted.clone()]).await;
            let frozen = taskback(route, &server.url);
            assert!(!is_nack(&frozen, service, "before").await, "{route}");
            assert!(!is_nack(&frozen, service, "after").await, "{route} {dead:?}");
            assert_eq!((requests(&server), server.connections()), (3, 2), "{route} {dead:?}");
        }
    }
}
