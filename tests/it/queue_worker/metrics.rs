use serde_json::Value;
use taskback::testing::Fault;
use taskback::{QueueWorkerConfig, Service, StepError, Task};

use super::health::get;
use super::serving::serve_as;
use super::sqs::Sqs;
use crate::peers::python;
use crate::process::free_address;
use crate::secrets::assert_hidden;
use crate::support::{Rig, envelope, token};

/// The value of one sample, by its name and labels.
fn value(samples: &[Value], name: &str, labels: &[(&str, &str)]) -> f64 {
    let is_asked = |sample: &&Value| {
        let found = sample["labels"].as_object().unwrap();
        sample["name"] == name
            && found.len() == labels.len()
            && labels.iter().all(|(name, value)| sample["labels"][name] == *value)
    };
    let [sample] = samples.iter().filter(is_asked).collect::<Vec<_>>()[..] else {
        panic!("{name} {labels:?}: {samples:?}")
    };
    sample["value"].as_f64().unwrap()
}

/// Prometheus' own client reads the page.
#[tokio::test]
async fn page_of_metrics_counts_what_the_worker_does() {
    let service = Service::Swf;
    let bodies = ["1", "2", "3"].map(|name| envelope(service, name, name));
    let sqs = Sqs::start(bodies.into_iter().chain(["no task at all".to_owned()])).await;
    let rig = Rig::new();
    rig.swf.fail_with([Fault::Throttled]);
    let address = free_address();
    let at = address.parse().unwrap();
    let step = async |task: Task<u32>| match task.input {
        3 => Err(StepError::terminal("TooMany", "three")),
        number => Ok(number),
    };
    let change = |how| QueueWorkerConfig { health: Some(at), ..how };
    let serving = serve_as(&sqs, rig.builder().step(step), change).await;
    sqs.until(|books| books.messages[..3].iter().all(|message| message.deleted)).await;
    let seen = |page: &str| page.contains("{service=\"none\",reason=\"unreadable\"} 1\n");
    let mut page = get(&address, "/metrics").await;
    while !seen(&page) {
        page = get(&address, "/metrics").await;
    }
    serving.end().await;

    let (head, body) = page.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"), "{head}");
    let samples = python::run("prometheus.py", &[], body).await;
    let service = [("service", "swf")];
    for (name, label, expected) in [
        ("taskback_reports_total", Some(("outcome", "succeeded")), 2.0),
        ("taskback_reports_total", Some(("outcome", "failed")), 1.0),
        ("taskback_reports_total", Some(("outcome", "canceled")), 0.0),
        ("taskback_report_attempts_total", None, 4.0),
        ("taskback_reports_throttled_total", None, 1.0),
        ("taskback_outcomes_unreported_total", None, 0.0),
        ("taskback_messages_nacked_total", Some(("reason", "unreadable")), 0.0),
        ("taskback_step_duration_seconds_count", None, 3.0),
        ("taskback_step_duration_seconds_bucket", Some(("le", "+Inf")), 3.0),
        ("taskback_report_duration_seconds_count", None, 3.0),
        ("taskback_ledger_duration_seconds_count", None, 9.0),
        ("taskback_queue_age_seconds_count", None, 3.0),
    ] {
        let labels: Vec<_> = service.into_iter().chain(label).collect();
        assert_eq!(value(&samples, name, &labels), expected, "{name} {labels:?}\n{body}");
    }
    assert!(value(&samples, "taskback_queue_age_seconds_sum", &service) >= 0.0);
    // So many for each service, and for messages of none.
    assert!(samples.len() < 75 * (Service::ALL.len() + 1) && body.len() < 64 << 10, "{}", samples.len());
    assert_hidden(body, ["1", "2", "3"].map(|name| token(Service::Swf, name)).iter().map(|t| t.expose()));
}
