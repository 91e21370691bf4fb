//! CloudWatch's embedded metric format: a line of JSON from whose members CloudWatch Logs makes metrics.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};
use taskback_core::printable;

use super::count::Count;
use super::recorder::{Recorder, Slot};
use super::time::Time;

/// The texts of a line that are not numbers.
pub(crate) struct Labels<'a> {
    /// The function's name, a dimension.
    pub(crate) function: &'a str,
    /// The host's id of the invocation, a member that can be searched for.
    pub(crate) request_id: &'a str,
    /// Whether this is the first invocation of the process.
    pub(crate) is_first: bool,
}

const NAMESPACE: &str = "taskback";
/// The maximum length of a text in a line; a dimension may have 1024 characters.
const MAX_CHARS: usize = 256;

/// The lines since the last ones, one for each service that has numbers: an object has one value of each dimension.
pub(super) fn lines(recorder: &Recorder, labels: &Labels<'_>) -> Vec<String> {
    let mut numbers: Vec<(&Slot, Numbers)> = recorder.slots().iter().map(|slot| (slot, take(slot))).collect();
    numbers.retain(|(_, numbers)| !numbers.0.is_empty());
    if labels.is_first {
        // The last one is that of a service, where there is one. An invocation without any task has a line too.
        match numbers.last_mut() {
            Some((_, numbers)) => numbers.count("ColdStart", 1),
            None => {
                let mut only = Numbers::default();
                only.count("ColdStart", 1);
                numbers.extend(recorder.slots().first().map(|slot| (slot, only)));
            }
        }
    }
    numbers.into_iter().map(|(slot, numbers)| line(slot.name(), numbers, labels)).collect()
}

/// Names with their units and values.
#[derive(Default)]
struct Numbers(Vec<(&'static str, &'static str, Value)>);

impl Numbers {
    fn count(&mut self, name: &'static str, number: u64) {
        if number > 0 {
            self.0.push((name, "Count", number.into()));
        }
    }
}

fn take(slot: &Slot) -> Numbers {
    let (mut numbers, mut nacked) = (Numbers::default(), 0);
    for &count in Count::ALL {
        let number = slot.take(count);
        nacked += if count.is_nack() { number } else { 0 };
        numbers.count(count.name(), number);
    }
    numbers.count("MessagesNacked", nacked);
    for time in Time::ALL {
        let samples = slot.times(time).take_samples();
        if !samples.is_empty() {
            let millis = samples.into_iter().map(|micros| micros as f64 / 1000.0);
            numbers.0.push((time.line(), "Milliseconds", millis.collect()));
        }
    }
    numbers
}

fn line(service: &str, Numbers(numbers): Numbers, labels: &Labels<'_>) -> String {
    let names = numbers.iter().map(|(name, unit, _)| json!({"Name": name, "Unit": unit}));
    let directive = json!({
        "Namespace": NAMESPACE,
        "Dimensions": [["service", "function"]],
        "Metrics": names.collect::<Vec<_>>(),
    });
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let mut line = Map::new();
    line.insert(
        "_aws".into(),
        json!({"Timestamp": u64::try_from(now).unwrap_or(0), "CloudWatchMetrics": [directive]}),
    );
    line.insert("service".into(), service.into());
    line.insert("function".into(), printable(labels.function, MAX_CHARS).into());
    if !labels.request_id.is_empty() {
        line.insert("requestId".into(), printable(labels.request_id, MAX_CHARS).into());
    }
    line.extend(numbers.into_iter().map(|(name, _, value)| (name.to_owned(), value)));
    Value::Object(line).to_string()
}

#[cfg(test)]
#[path = "emf/tests.rs"]
mod tests;
