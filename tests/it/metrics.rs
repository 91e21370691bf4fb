//! The line of metrics that a function writes after each invocation.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};
use taskback::testing::{Message, sqs_event};
use taskback::{Service, TaskToken};
use taskback_local::{Config, Fault, FaultKind, OpenTask, Server};

use crate::lambda::runtime_api::RuntimeApi;
use crate::lambda::{body, function, worker};
use crate::process::Process;
use crate::secrets::assert_hidden;
use crate::support::MINUTE;

fn open(server: &Server, service: Service) -> TaskToken {
    server.state().open(OpenTask::new(service)).unwrap().token
}

fn card(token: &TaskToken, number: &str) -> String {
    body(token, &json!({"cardNumber": number}))
}

/// The lines that CloudWatch makes metrics of.
fn lines(printed: &str) -> Vec<Value> {
    let lines = printed.lines().filter(|line| line.contains("\"_aws\""));
    lines.map(|line| serde_json::from_str(line).expect("a line is JSON and nothing else")).collect()
}

/// The names of a line's metrics, each of which has a value.
fn names(line: &Value) -> Vec<&str> {
    let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap();
    let metrics = directives.iter().flat_map(|directive| directive["Metrics"].as_array().unwrap());
    let names: Vec<_> = metrics.map(|metric| metric["Name"].as_str().unwrap()).collect();
    assert!(names.iter().all(|name| line[*name].is_number() || line[*name].is_array()), "{line}");
    names
}

#[tokio::test]
async fn mixed_batch_is_counted_in_one_line() {
    let server = Server::bind(Config::default()).await.unwrap();
    let mut api = RuntimeApi::start().await;
    let mut command = worker(&api.address, &server.url());
    let process = Process::start(command.env("TASKBACK_METRICS", "emf"));
    let service = Service::Swf;
    let [good, bad, throttled, denied] = std::array::from_fn(|_| open(&server, service));
    for (token, kind) in [(&throttled, FaultKind::Throttle), (&denied, FaultKind::Refuse)] {
        server.state().inject(Fault::new("*", kind).for_task(token.fingerprint().hex())).unwrap();
    }
    let messages = [
        Message::new("good", card(&good, "4111 1111 1111 1111")),
        Message::new("bad", card(&bad, "4111 1111 1111 1112")),
        Message::new("throttled", card(&throttled, "4111 1111 1111 1111")),
        Message::new("denied", card(&denied, "4111 1111 1111 1111")),
        Message::new("no-json", "no task at all"),
    ];
    api.invoke("request-1", &sqs_event(&messages), MINUTE);
    let answer = api.answer().await;
    assert_eq!(answer.body["batchItemFailures"].as_array().unwrap().len(), 2, "{}", process.printed());
    api.invoke("request-2", &sqs_event(&messages[..1]), MINUTE);
    api.answer().await;
    let (_, printed) = process.kill().await;
    let found = lines(&printed);
    let of = |service: &str| found.iter().filter(|line| line["service"] == service).collect::<Vec<_>>();
    let [line, _] = of("swf")[..] else { panic!("{printed}") };
    for (name, expected) in [
        ("function", json!("worker")),
        ("requestId", json!("request-1")),
        ("ReportsSucceeded", json!(2)),
        ("ReportsFailed", json!(1)),
        ("ReportAttempts", json!(5)),
        ("Throttled", json!(1)),
        ("MessagesNacked", json!(1)),
        ("NackedDenied", json!(1)),
        ("OutcomesUnreported", json!(1)),
        ("ColdStart", json!(1)),
    ] {
        assert_eq!(line[name], expected, "{name} {line}");
    }
    for (name, count) in [("StepMs", 4), ("ReportMs", 4), ("LedgerMs", 11)] {
        assert_eq!(line[name].as_array().map(Vec::len), Some(count), "{name} {line}");
    }
    let [unreadable] = of("none")[..] else { panic!("{printed}") };
    assert_eq!((&unreadable["NackedUnreadable"], &unreadable["ColdStart"]), (&json!(1), &Value::Null));
    for line in &found {
        assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Namespace"], "taskback");
        assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Dimensions"], json!([["service", "function"]]));
        assert!(!names(line).is_empty(), "{line}");
    }
    let tokens = [&good, &bad, &throttled, &denied].map(TaskToken::expose);
    assert_hidden(&printed, tokens);
}

#[tokio::test]
async fn function_writes_no_metrics_by_default() {
    let server = Server::bind(Config::default()).await.unwrap();
    let mut api = RuntimeApi::start().await;
    let process = Process::start(&mut worker(&api.address, &server.url()));
    let token = open(&server, Service::Fnf);
    api.invoke("request", &sqs_event(&[Message::new("m", card(&token, "4111 1111 1111 1111"))]), MINUTE);
    assert!(!api.answer().await.failed);
    assert_eq!(lines(&process.kill().await.1), [Value::Null; 0]);
}

#[tokio::test]
async fn unknown_metrics_format_is_an_error_at_start() {
    let server = Server::bind(Config::default()).await.unwrap();
    let mut command = function(Path::new(env!("CARGO_BIN_EXE_dead_letter")), "127.0.0.1:1", &server.url());
    let (status, printed) = Process::start(command.env("TASKBACK_METRICS", "statsd")).end().await;
    let error = "TASKBACK_METRICS: invalid value \\\"statsd\\\", expected one of off, emf";
    assert!(!status.success() && printed.contains(error), "{printed}");
}

/// With the poller's widget, and without the references that CloudFormation fills in, it is JSON, and it graphs what
/// functions write.
#[test]
fn dashboard_graphs_known_metrics() {
    let (_, template) =
        include_str!("../../template.yaml").split_once("DashboardBody: !Sub\n        - |\n").unwrap();
    let (template, _) = template.split_once("\nOutputs:").unwrap();
    let (body, variables) = template.split_once("        - Search:").unwrap();
    let (_, widget) = variables.split_once("!Sub\n              - |\n").unwrap();
    let (widget, _) = widget.split_once("              - Search:").unwrap();
    let mut filled = String::new();
    for (index, part) in body.replace("${PollerWidget}", widget).split("${").enumerate() {
        filled += if index == 0 { part } else { part.split_once('}').unwrap().1 };
    }
    let dashboard: Value = serde_json::from_str(&filled).unwrap();
    assert!(dashboard["widgets"].as_array().unwrap().len() > 7);
    let page = include_str!("../../docs/guides/metrics.md");
    let named: Vec<&str> =
        template.split("MetricName=\\\"").skip(1).map(|rest| rest.split('\\').next().unwrap()).collect();
    assert!(named.len() > 20);
    for name in named {
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
}

/// The names of lines and of pages, against the guide's tables.
#[test]
fn guide_lists_exactly_the_metrics() {
    let (_, counters) = include_str!("../../src/metrics/count.rs").split_once("\ncounters! {\n").unwrap();
    let (counters, _) = counters.split_once("\n}\n").unwrap();
    let times = include_str!("../../src/metrics/time.rs");
    let quoted = counters.split('"').chain(times.split('"'));
    let mut names: BTreeSet<&str> =
        quoted.filter(|name| name.starts_with("taskback_") || name.ends_with("Ms")).collect();
    names.extend(counters.lines().filter_map(|line| line.split_whitespace().next()));
    names.extend(["ColdStart", "MessagesNacked"]);
    let page = include_str!("../../docs/guides/metrics.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let listed = rows.flat_map(|cell| cell.split('`').step_by(2)).filter(|name| !name.is_empty()).collect();
    assert_eq!(names, listed);
}
