//! Every file of `events/` gets the answer, and makes the reports, that stand in `tests/events/`. Where a
//! `flow.json` stands there the event is for the handler of flows, and starts and stops executions.

mod flows;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::value::RawValue;
use serde_json::{Value, json};
use taskback::core::{Service, TaskToken};
use taskback::{InvocationError, Services, Taskback, tasks};
use taskback_local::{Config, OpenTask, Outcome, Server, TaskView};

use crate::support::{MINUTE, fnf_reading};

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

#[test]
fn every_event_has_its_expected_answer_and_the_other_way_round() {
    assert_eq!(names("events", ".json"), names("tests/events", ""));
}

#[tokio::test]
async fn every_event_is_answered_and_reported_as_expected() {
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
        // A token that comes twice is one task.
        if server.state().task(&task.token.fingerprint().hex()).is_none() {
            let open = OpenTask::new(task.token.service()).token(task.token);
            server.state().open(open).map_err(|error| error.to_string())?;
        }
    }
    let services = Services::local(&server.url()).map_err(|error| error.to_string())?;
    let taskback = Taskback::builder().step(taskback::verify_card).services(services).reading(fnf_reading());
    let taskback = taskback.build().map_err(|error| error.to_string())?;

    answered(taskback.handle(&event, MINUTE).await, &expected)?;

    let mut told: Vec<Value> = server.state().tasks().iter().flat_map(accepted).collect();
    for expected in reports {
        let service = Service::from_name(expected["service"].as_str().unwrap()).unwrap();
        let token = TaskToken::new(service, expected["taskToken"].as_str().unwrap()).unwrap();
        let mut expected = expected;
        expected.as_object_mut().unwrap().remove("taskToken");
        expected["fingerprint"] = json!(token.fingerprint().hex());
        let at = told.iter().position(|report| report["fingerprint"] == expected["fingerprint"]);
        let report = told.remove(at.ok_or_else(|| format!("not reported: {expected}"))?);
        holds(&report, &expected).map_err(|fault| format!("report: {fault}"))?;
    }
    if told.is_empty() { Ok(()) } else { Err(format!("reported beyond what was expected: {told:?}")) }
}

fn answered(answer: Result<Value, InvocationError>, expected: &Value) -> Result<(), String> {
    let answer =
        answer.unwrap_or_else(|error| json!({"errorType": error.name(), "errorMessage": error.to_string()}));
    holds(&answer, expected).map_err(|fault| format!("answer: {fault}"))
}

/// The reports that the service took, in its own words.
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
            };
            match task.outcome.as_ref().unwrap() {
                Outcome::Succeeded { output } => report[words[0]] = json!(output),
                Outcome::Failed { error, cause } => {
                    report[words[1]] = json!(error);
                    report[words[2]] = json!(cause);
                }
                Outcome::Canceled { details } => report[words[3]] = json!(details),
            }
            report
        })
        .collect()
}

/// Every field that is expected is there and equal; lists are compared whole.
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
