//! The metric filters of `template.yaml` match the events that the handlers log.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use taskback::testing::{Fault, Message};
use taskback::{Service, StepError, Task};
use tokio::time::{advance, sleep};

use crate::lease::troubled::{Trouble, Troubled};
use crate::secrets::Log;
use crate::support::{MINUTE, Rig, envelope, kept, kept_within, message};

const TEMPLATE: &str = include_str!("../../template.yaml");
const SWF: Service = Service::Swf;

#[tokio::test(start_paused = true)]
async fn metric_filters_match_their_log_event() {
    let log = Log::default();
    let writer = log.clone();
    let _guard = tracing::subscriber::set_default(taskback::log::subscriber("info", move || writer.clone()));
    let rig = Rig::new();
    let taskback = rig.builder().step(async |_: Task<Value>| Ok::<_, StepError>("verified")).build().unwrap();
    for (name, fault) in [("denied", Fault::Denied), ("late", Fault::ClosedByAnother)] {
        rig.swf.fail_with([fault]);
        kept(&taskback, &[message(SWF, name)]).await;
    }
    kept(&taskback, &[Message::new("m", envelope(SWF, "denied", "2"))]).await;
    // The ledger becomes unavailable, and the host freezes the worker past its lease while it records the
    // outcome.
    let trouble = [("renew", Trouble::Unavailable, 99), ("decide", Trouble::Hangs, 99)];
    let step = async |_: Task<Value>| {
        sleep(Duration::from_millis(59_900)).await;
        Ok::<_, StepError>("verified")
    };
    let taskback = rig.builder().step(step).ledger(Troubled::new(&trouble)).build().unwrap();
    let freeze = async {
        sleep(Duration::from_millis(59_905)).await;
        advance(Duration::from_secs(10)).await;
    };
    let messages = [message(SWF, "withheld")];
    let (kept, ()) = tokio::join!(kept_within(&taskback, &messages, 10 * MINUTE), freeze);
    assert_eq!(kept, ["withheld"], "{}", log.text());

    let text = log.text();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let events = events();
    assert_eq!(events.len(), 4, "{events:?}");
    for (event, level) in events {
        let found: Vec<_> = lines.iter().filter(|line| line["event"] == event).collect();
        assert_eq!(found.len(), 1, "{event}\n{text}");
        assert_eq!(found[0]["level"], level, "{event}");
    }
}

/// The events that the template's filters match, with their levels. The poller's tests cover the poller's
/// events.
fn events() -> BTreeMap<&'static str, &'static str> {
    let filters = TEMPLATE.lines().filter_map(|line| line.trim().strip_prefix("FilterPattern: "));
    let events = filters.flat_map(|filter| {
        let events: Vec<_> = filter.split("$.event = \"").skip(1).collect();
        assert!(!events.is_empty() && !filter.contains("$.message"), "{filter}");
        events.into_iter().map(|rest| rest.split_once('"').unwrap().0)
    });
    let events = events.filter(|event| !event.starts_with("poller."));
    events.map(|event| (event, if event == "task.input_differs" { "WARN" } else { "ERROR" })).collect()
}
