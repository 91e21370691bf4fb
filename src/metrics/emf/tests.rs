use std::collections::BTreeSet;
use std::time::Duration;

use taskback_core::{DecodeError, Service};

use super::*;
use crate::settlement::NackReason;

const SERVICE: Service = Service::ALL[0];

fn labels(is_first: bool) -> Labels<'static> {
    Labels { function: "worker", request_id: "8476a536-e9f4", is_first }
}

fn parsed(recorder: &Recorder, labels: &Labels<'_>) -> Vec<Value> {
    lines(recorder, labels)
        .iter()
        .map(|line| {
            assert!(!line.contains('\n') && line.len() < 256 << 10, "{line}");
            let line: Value = serde_json::from_str(line).unwrap();
            check(&line);
            line
        })
        .collect()
}

/// The rules of the embedded metric format's specification.
fn check(line: &Value) {
    assert!(line["_aws"]["Timestamp"].as_u64().unwrap() > 1_700_000_000_000, "{line}");
    let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap();
    for directive in directives {
        assert!((1..=1024).contains(&directive["Namespace"].as_str().unwrap().len()));
        for set in directive["Dimensions"].as_array().unwrap() {
            assert!(set.as_array().unwrap().len() <= 30, "{line}");
            for name in set.as_array().unwrap() {
                let value = line[name.as_str().unwrap()].as_str().expect("a text of each dimension");
                assert!((1..=1024).contains(&value.len()), "{line}");
            }
        }
        let metrics = directive["Metrics"].as_array().unwrap();
        assert!((1..=100).contains(&metrics.len()), "{line}");
        let names: BTreeSet<&str> = metrics.iter().map(|metric| metric["Name"].as_str().unwrap()).collect();
        assert_eq!(names.len(), metrics.len(), "a metric is named twice: {line}");
        for metric in metrics {
            assert!(["Count", "Milliseconds"].contains(&metric["Unit"].as_str().unwrap()), "{line}");
            match &line[metric["Name"].as_str().unwrap()] {
                Value::Number(_) => {}
                Value::Array(values) => {
                    assert!(
                        (1..=100).contains(&values.len()) && values.iter().all(Value::is_number),
                        "{line}"
                    );
                }
                other => panic!("{other} is not a value: {line}"),
            }
        }
    }
}

#[test]
fn line_has_the_numbers_since_the_last_one() {
    let recorder = Recorder::new(true);
    for count in [Count::ReportsSucceeded, Count::ReportsSucceeded, Count::ReportAttempts, Count::NackedRetry]
    {
        recorder.add(Some(SERVICE), count);
    }
    recorder.add(Some(SERVICE), Count::of_nack(&NackReason::Deadline));
    recorder.time(SERVICE, Time::Step, Duration::from_micros(120_500));
    recorder.time(SERVICE, Time::Step, Duration::from_millis(133));
    let [line] = &parsed(&recorder, &labels(false))[..] else { panic!("one line for one service") };
    for (name, value) in [
        ("ReportsSucceeded", json!(2)),
        ("ReportAttempts", json!(1)),
        ("NackedRetry", json!(1)),
        ("NackedDeadline", json!(1)),
        ("MessagesNacked", json!(2)),
        ("StepMs", json!([120.5, 133.0])),
        ("service", json!(SERVICE.name())),
        ("function", json!("worker")),
        ("requestId", json!("8476a536-e9f4")),
        ("ReportsFailed", Value::Null),
        ("ColdStart", Value::Null),
    ] {
        assert_eq!(line[name], value, "{name}");
    }
    assert_eq!(parsed(&recorder, &labels(false)), [Value::Null; 0]);
}

#[test]
fn each_service_has_a_line_of_its_own() {
    let recorder = Recorder::new(true);
    for service in Service::ALL {
        recorder.add(Some(service), Count::ReportsFailed);
    }
    recorder.add(None, Count::of_nack(&NackReason::Unreadable(DecodeError::MissingBody)));
    let lines = parsed(&recorder, &labels(true));
    assert_eq!(lines.len(), Service::ALL.len() + 1);
    assert_eq!((&lines[0]["service"], &lines[0]["NackedUnreadable"]), (&json!("none"), &json!(1)));
    assert_eq!(lines.iter().filter(|line| line["ColdStart"] == 1).count(), 1);
}

#[test]
fn first_invocation_has_a_line_without_tasks() {
    let lines = parsed(&Recorder::new(true), &labels(true));
    assert_eq!((lines.len(), &lines[0]["ColdStart"]), (1, &json!(1)));
}

#[test]
fn line_stays_small_whatever_a_batch_has() {
    let recorder = Recorder::new(true);
    for number in 0..10_000 {
        recorder.time(SERVICE, Time::Ledger, Duration::from_micros(number));
    }
    let huge = "x".repeat(1 << 20);
    let labels = Labels { function: &huge, request_id: "a\"b\n", is_first: false };
    let lines = parsed(&recorder, &labels);
    assert_eq!(lines[0]["LedgerMs"].as_array().unwrap().len(), 100);
}
