//! Every file in `events/` yields the response and the reports in `tests/events/`. If there is a `flow.json`,
//! the event is for the flow handler and starts and stops executions.

mod flows;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::value::RawValue;
use serde_json::{Value, json};
use taskback::{InvocationError, Response, Service, Services, TaskToken, Taskback, tasks};
use taskback_local::{Config, OpenTask, ReportedOutcome, Server, TaskView};

use crate::support::{MINUTE, fnf_reading, value};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn names(folder: &str, ending: &str) -> BTreeSet<String> {
    let names = fs::read_dir(root().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .filter_map(|name| name.strip_suffix(ending).map(str::to_owned))
        .filter(|name| name != "README.md")
        .collect()
}

/// Every event has expectations, and all expectations have an event.
#[test]
fn events_and_expectations_match() {
    assert_eq!(names("events", ".json"), names("tests/events", ""));
}

#[tokio::test]
async fn events_get_expected_responses_and_reports() {
    let names = names("events", ".json");
    assert!(names.len() > 30, "the folder of events was not found");
    let mut faults = Vec::new();
    for name in &names {
        if let Err(fault) = check(name).await {
            faults.push(format!("{name}: {fault}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

async fn check(name: &str) -> Result<(), String> {
    let folder = root().join("tests/events").join(name);
    let event: Box<RawValue> = read(&root().join("events").join(format!("{name}.json")));
    let expected: Value = read(&folder.join("answer.json"));
    if folder.join("flow.json").exists() {
        let executions = read(&folder.join("executions.json"));
        return flows::check(&event, &read::<Vec<Value>>(&folder.join("flow.json")), &expected, executions)
            .await;
    }
    let reports: Vec<Value> = read(&folder.join("reports.json"));
    let server = Server::bind(Config::default()).await.map_err(|error| error.to_string())?;
    for task in tasks(&event, &fnf_reading()).into_iter().flatten().flatten() {
        // Two messages with one token are one task.
        if server.state().task(&task.token.fingerprint().hex()).is_none() {
            let open = OpenTask::new(task.token.service()).token(task.token);
            server.state().open(open).map_err(|error| error.to_string())?;
        }
    }
    let services = Services::local(&server.url()).map_err(|error| error.to_string())?;
    let taskback = Taskback::builder()
        .step(taskback::examples::verify_card)
        .services(services)
        .message_format(fnf_reading());
    let taskback = taskback.build().map_err(|error| error.to_string())?;

    answered(taskback.handle(&event, MINUTE).await, &expected)?;

    let mut accepted_reports: Vec<Value> = server.state().tasks().iter().flat_map(accepted).collect();
    for expected in reports {
        let service = Service::from_name(expected["service"].as_str().unwrap()).unwrap();
        let token = TaskToken::new(service, expected["taskToken"].as_str().unwrap()).unwrap();
        let mut expected = expected;
        expected.as_object_mut().unwrap().remove("taskToken");
        expected["fingerprint"] = json!(token.fingerprint().hex());
        let at = accepted_reports.iter().position(|report| report["fingerprint"] == expected["fingerprint"]);
        let report = accepted_reports.remove(at.ok_or_else(|| format!("not reported: {expected}"))?);
        holds(&report, &expected).map_err(|fault| format!("report: {fault}"))?;
    }
    if accepted_reports.is_empty() { Ok(()) } else { Err(format!("not expected: {accepted_reports:?}")) }
}

fn answered(answer: Result<Response, InvocationError>, expected: &Value) -> Result<(), String> {
    let answer = match answer {
        Ok(response) => value(&response),
        Err(error) => json!({"errorType": error.name(), "errorMessage": error.to_string()}),
    };
    holds(&answer, expected).map_err(|fault| format!("answer: {fault}"))
}

/// The reports that the service accepted, with the service's own field names.
fn accepted(task: &TaskView) -> Vec<Value> {
    let taken = task.reports.iter().filter(|attempt| attempt.accepted);
    taken
        .map(|attempt| {
            let mut report = json!({
                "service": task.service.name(), "fingerprint": task.fingerprint, "operation": attempt.operation
            });
            let words = match task.service {
                Service::Fnf => ["output", "error", "cause", "details"],
                Service::Swf => ["result", "reason", "details", "details"],
                Service::Sfn => ["output", "error", "cause", "details"],
                Service::Durable => ["result", "errorType", "errorMessage", "details"],
            };
            match task.outcome.as_ref().unwrap() {
                ReportedOutcome::Succeeded { output } => report[words[0]] = json!(output),
                ReportedOutcome::Failed { error, cause } => {
                    report[words[1]] = json!(error);
                    report[words[2]] = json!(cause);
                }
                ReportedOutcome::Canceled { details } => report[words[3]] = json!(details),
            }
            report
        })
        .collect()
}

/// Checks that every expected field exists and is equal. Lists are compared whole.
fn holds(seen: &Value, expected: &Value) -> Result<(), String> {
    match (seen, expected) {
        (Value::Object(seen), Value::Object(expected)) => expected.iter().try_for_each(|(key, expected)| {
            let seen = seen.get(key).ok_or_else(|| format!("{key} is missing in {seen:?}"))?;
            holds(seen, expected)
        }),
        _ if seen == expected => Ok(()),
        _ => Err(format!("{seen} instead of {expected}")),
    }
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> T {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
