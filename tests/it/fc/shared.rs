//! Instances that share a ledger in MariaDB: what s.yaml deploys with a database.

use serde_json::json;
use taskback_local::TaskView;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::*;
use crate::sql::database::{Database, open as open_ledger};
use crate::sql::server::Kind;
use crate::support::MINUTE;

/// The URL of a database with the ledger's tables.
async fn database() -> String {
    let url = Kind::MariaDb.database().await;
    open_ledger(&url).init().await.unwrap();
    url
}

fn instance(services: &str, ledger: &str) -> Command {
    let mut command = worker(services);
    command.envs([("TASKBACK_LEDGER", ledger), ("TASKBACK_FC_INVOCATION", "async")]);
    command
}

/// The dead-letter handler in a function's environment.
fn dead_letters(services: &str, ledger: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dead_letter"));
    let worker = instance(services, ledger);
    command.env_clear().envs(worker.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env_remove("TASKBACK_STEP");
    command
}

/// What Function Compute sends to the failure destination.
fn record(event: &str) -> String {
    json!({
        "timestamp": 1_660_120_276_975_u64,
        "requestContext": {"requestId": "failed", "condition": "UnhandledInvocationError", "approximateInvokeCount": 4},
        "requestPayload": event,
        "responseContext": {"statusCode": 200, "functionError": "UnhandledInvocationError"},
        "responsePayload": r#"{"errorType":"MessageNacked"}"#,
    })
    .to_string()
}

fn task(server: &Server, token: &TaskToken) -> TaskView {
    server.state().task(&token.fingerprint().hex()).unwrap()
}

/// A step over HTTP; each connection is one run of it.
async fn step() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    (listener, url)
}

/// The second instance gets the event while the first runs it, and again after.
#[tokio::test]
async fn duplicate_on_another_instance_runs_nothing() {
    let (server, ledger, (steps, url)) = (local().await, database().await, step().await);
    let first = Host::start(instance(&server.url(), &ledger).env("TASKBACK_STEP", &url)).await;
    let second = Host::start(instance(&server.url(), &ledger).env("TASKBACK_STEP", &url)).await;
    let token = open(&server, Service::Fnf);
    let event = mns_queue(&[card(&token, CARD)]);
    let during = async {
        let (mut step, _) = steps.accept().await.unwrap();
        let answer = second.invoke("r-2", good_keys(), &event).await;
        assert!(answer.failed && answer.text.contains("another"), "{answer:?}");
        step.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n7").await.unwrap();
        step
    };
    let (answer, _step) = tokio::join!(first.invoke("r-1", good_keys(), &event), during);
    assert_eq!((answer.failed, answer.body), (false, json!({"done": 1})));
    let again = second.invoke("r-3", good_keys(), &event).await;
    assert_eq!((again.failed, again.body), (false, json!({"done": 1})));
    assert_eq!(task(&server, &token).reports.len(), 1);
    assert!(tokio::time::timeout(Duration::ZERO, steps.accept()).await.is_err(), "the step ran again");
}

/// The next instance reports what was decided, although its own step would end in another outcome.
#[tokio::test]
async fn crash_after_the_decision_changes_no_outcome() {
    for (number, expected) in [(CARD, TaskState::Succeeded), (OTHER, TaskState::Failed)] {
        let (server, ledger) = (local().await, database().await);
        let token = open(&server, Service::Fnf);
        // No report arrives before the crash.
        let refused = Fault::new("*", FaultKind::Error500).times(1000);
        server.state().inject(refused).unwrap();
        let event = mns_queue(&[card(&token, number)]);
        let mut host = Host::start(&mut instance(&server.url(), &ledger)).await;
        let (caller, first) = (host.caller.clone(), event.clone());
        let invoked = tokio::spawn(async move { caller.invoke("1", good_keys(), &first).await });
        host.process.line("report.retried").await;
        drop(host.process.kill().await);
        assert!(invoked.await.is_err(), "it had no response");
        assert_eq!(state(&server, &token), TaskState::Open);
        server.state().clear_faults();

        let mut command = instance(&server.url(), &ledger);
        let next = Host::start(command.env("TASKBACK_STEP", "command:/bin/false")).await;
        let answer = next.invoke("2", good_keys(), &event).await;
        assert!(!answer.failed, "{answer:?}");
        let task = task(&server, &token);
        let accepted = task.reports.iter().filter(|report| report.accepted).count();
        assert_eq!((task.state, accepted), (expected, 1), "{:?}", task.reports);
    }
}

/// Of a batch of four: reported, decided, failed by its step, and never run.
#[tokio::test]
async fn dead_letters_report_the_rest_of_a_batch() {
    let (server, ledger) = (local().await, database().await);
    let [reported, decided, retried, unread] = std::array::from_fn(|_| open(&server, Service::Fnf));
    let unreported = Fault::new("*", FaultKind::Error500).times(1000).for_task(decided.fingerprint().hex());
    server.state().inject(unreported).unwrap();
    let mut command = instance(&server.url(), &ledger);
    command.envs([
        ("TASKBACK_FC_TIMEOUT", "3"),
        ("TASKBACK_STEP", r#"{"by":"/kind","on":{"card":"command:/bin/cat","busy":"command:/bin/false"}}"#),
    ]);
    let worker = Host::start(&mut command).await;
    let message = |token: &TaskToken, kind: &str| {
        json!({"service": "fnf", "taskToken": token.expose(), "input": {"kind": kind}}).to_string()
    };
    let event =
        mns_queue(&[message(&reported, "card"), message(&decided, "card"), message(&retried, "busy")]);
    let answer = worker.invoke("r-1", good_keys(), &event).await;
    assert_eq!((answer.failed, &answer.body["errorType"]), (true, &json!("MessageNacked")), "{answer:?}");
    server.state().clear_faults();

    let handler = Host::start(&mut dead_letters(&server.url(), &ledger)).await;
    let (batch, never_run) = (record(&event), record(&card(&unread, CARD)));
    let answers = tokio::join!(
        handler.invoke("d-1", good_keys(), &batch),
        handler.invoke("d-2", good_keys(), &never_run)
    );
    assert_eq!((answers.0.failed, &answers.0.body), (false, &json!({"done": 3})), "{answers:?}");
    assert_eq!((answers.1.failed, &answers.1.body["error"]), (false, &json!("DeadLettered")), "{answers:?}");
    let states = [&reported, &decided, &retried, &unread].map(|token| state(&server, token));
    use TaskState::{Failed, Succeeded};
    assert_eq!(states, [Succeeded, Succeeded, Failed, Failed]);
    assert_eq!(task(&server, &reported).reports.len(), 1);
    let (status, printed) = handler.process.kill().await;
    assert!(!status.success() && printed.contains(r#""step":"dead letters""#), "{printed}");
    assert_hidden(&printed, [reported.expose(), decided.expose(), retried.expose(), unread.expose(), SECRET]);
}

/// Two instances, ten invocations at once on each, every message delivered to both.
#[tokio::test]
async fn concurrent_duplicates_have_one_outcome_each() {
    let (server, ledger) = (local().await, database().await);
    let mut hosts = Vec::new();
    for _ in 0..2 {
        hosts.push(Host::start(&mut instance(&server.url(), &ledger)).await);
    }
    let tokens: [TaskToken; 30] = std::array::from_fn(|_| open(&server, Service::Swf));
    let events: Vec<_> = tokens
        .chunks(3)
        .map(|batch| mns_queue(&batch.iter().map(|token| card(token, CARD)).collect::<Vec<_>>()))
        .collect();
    let deliveries = hosts.iter().enumerate().flat_map(|(instance, host)| {
        events.iter().enumerate().map(move |(place, event)| {
            let (caller, event) = (host.caller.clone(), event.clone());
            tokio::spawn(async move {
                // As the host retries an asynchronous invocation that failed.
                let id = format!("r-{instance}-{place}");
                while caller.invoke(&id, String::new(), &event).await.failed {}
            })
        })
    });
    for delivery in deliveries.collect::<Vec<_>>() {
        tokio::time::timeout(MINUTE, delivery).await.expect("a delivery ends").unwrap();
    }
    for token in &tokens {
        let task = task(&server, token);
        // Both may report what one decided; one report is accepted.
        let accepted = task.reports.iter().filter(|report| report.accepted).count();
        assert_eq!((task.state, accepted), (TaskState::Succeeded, 1), "{:?}", task.reports);
    }
}

/// As every instance of the dead-letter handler: its own memory would overwrite what a worker decided.
#[tokio::test]
async fn dead_letter_handler_refuses_memory() {
    let server = local().await;
    let mut command = dead_letters(&server.url(), "memory");
    let (status, printed) = crate::process::Process::start(&mut command).end().await;
    assert!(!status.success() && printed.contains("mysql://"), "{printed}");
}
