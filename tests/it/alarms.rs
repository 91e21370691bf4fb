//! The alarms of `template.yaml` count what the handlers really log.

use serde_json::Value;
use taskback::core::Service;
use taskback::testing::Fault;
use taskback::{StepError, Task};

use crate::secrets::Log;
use crate::support::{Rig, kept, message};

const TEMPLATE: &str = include_str!("../../template.yaml");

#[tokio::test(start_paused = true)]
async fn each_metric_filter_matches_its_line_of_the_log_once() {
    let log = Log::default();
    let writer = log.clone();
    let _guard = tracing::subscriber::set_default(taskback::log::subscriber("info", move || writer.clone()));
    let rig = Rig::new();
    let taskback = rig.builder().step(async |_: Task<Value>| Ok::<_, StepError>("verified")).build().unwrap();
    for (name, fault) in [("denied", Fault::Denied), ("late", Fault::ClosedByAnother)] {
        rig.swf.fail_with([fault]);
        kept(&taskback, &[message(Service::Swf, name)]).await;
    }

    let text = log.text();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let filters = filters();
    assert_eq!(filters.len(), 2, "{filters:?}");
    for wanted in filters {
        let found: Vec<_> = lines.iter().filter(|line| line["message"] == wanted).collect();
        assert_eq!(found.len(), 1, "{wanted}\n{text}");
        assert_eq!(found[0]["level"], "ERROR");
    }
}

/// The messages that the template's filters look for.
fn filters() -> Vec<&'static str> {
    let filters = TEMPLATE.lines().filter_map(|line| line.trim().strip_prefix("FilterPattern: "));
    let mut messages: Vec<_> = filters
        .map(|filter| {
            let text =
                filter.strip_prefix(r#"'{ $.message = ""#).and_then(|text| text.strip_suffix(r#"" }'"#));
            text.expect(filter)
        })
        .collect();
    messages.sort_unstable();
    messages.dedup();
    messages
}
