//! An execution as text and as JSON. Of an event's details only error and cause are shown, because the details can hold
//! task tokens.

use aliyun_fnf::{Event, Execution};
use jiff::Timestamp;
use serde::Serialize;
use taskback::fnf_flow::{ExecutionView, FailureReason};

/// The lines of an execution's history, with times relative to the first event.
#[derive(Default)]
pub(super) struct Timeline {
    /// The number of events printed so far.
    printed: usize,
    began: Option<Timestamp>,
    /// The reason of the previous event: one failure causes several events, and its reason is printed once.
    last_reason: FailureReason,
}

impl Timeline {
    /// Returns the lines of new events. Events are only ever added at the end of a history.
    pub(super) fn append(&mut self, events: &[Event]) -> String {
        self.began = self.began.or_else(|| timestamp(events.first()?.time.as_deref()));
        let new = events.get(self.printed..).unwrap_or_default();
        self.printed += new.len();
        new.iter().map(|event| self.line(event)).collect()
    }

    fn line(&mut self, event: &Event) -> String {
        let text = |text: &Option<String>| printable(text.as_deref().unwrap_or_default());
        let time = match (timestamp(event.time.as_deref()), self.began) {
            (Some(time), Some(began)) => format!("+{:.3} s", seconds(began, time)),
            _ => text(&event.time),
        };
        let reason = FailureReason::of(event);
        let reason_text = if reason == self.last_reason { String::new() } else { reason_text(&reason) };
        let line = format!("{time:>14}  {:18}  {}", text(&event.event_type), text(&event.step_name));
        self.last_reason = reason;
        let space = if reason_text.is_empty() { "" } else { "  " };
        format!("{}{space}{reason_text}\n", line.trim_end())
    }
}

/// The text above the timeline.
pub(super) fn head(flow: &str, name: &str, execution: &Execution) -> String {
    let mut text = format!("{flow}/{name}\n");
    if let Some(time) = &execution.started_time {
        text += &format!("  started  {}\n", printable(time));
    }
    if let Some(input) = &execution.input {
        text += &format!("  input    {}\n", printable(input));
    }
    text + "\n"
}

/// The text below the timeline.
pub(super) fn end(execution: &Execution, events: &[Event]) -> String {
    let times =
        timestamp(execution.started_time.as_deref()).zip(timestamp(execution.stopped_time.as_deref()));
    let mut text = format!("\n{}", status(execution));
    if let Some((started, stopped)) = times {
        text += &format!(" after {:.3} s", seconds(started, stopped));
    }
    let reason = reason_text(&end_reason(execution, events));
    if !reason.is_empty() {
        text += &format!(": {reason}");
    }
    match &execution.output {
        Some(output) => format!("{text}\n  output   {}\n", printable(output)),
        None => text + "\n",
    }
}

/// The status as the service spells it, which may be empty.
pub(super) fn status(execution: &Execution) -> String {
    match execution.status.as_str() {
        "" => "status unknown".to_owned(),
        word => printable(word),
    }
}

/// One JSON object for programs.
pub(super) fn json(execution: &Execution, events: &[Event]) -> serde_json::Result<String> {
    let FailureReason { error, cause } = end_reason(execution, events);
    let events = events.iter().map(EventJson::from_event).collect();
    serde_json::to_string(&ExecutionJson { execution: ExecutionView::of(execution), error, cause, events })
}

/// Escapes text of other origin, so that it cannot control the terminal.
pub(super) fn printable(text: &str) -> String {
    taskback_core::printable(text, usize::MAX)
}

#[derive(Serialize)]
struct ExecutionJson<'a> {
    #[serde(flatten)]
    execution: ExecutionView<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    events: Vec<EventJson<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventJson<'a> {
    event_id: Option<i64>,
    #[serde(rename = "type")]
    kind: Option<&'a str>,
    step_name: Option<&'a str>,
    time: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
}

impl<'a> EventJson<'a> {
    fn from_event(event: &'a Event) -> Self {
        let FailureReason { error, cause } = FailureReason::of(event);
        Self {
            event_id: event.event_id,
            kind: event.event_type.as_deref(),
            step_name: event.step_name.as_deref(),
            time: event.time.as_deref(),
            error,
            cause,
        }
    }
}

/// The reason of an execution that ended without success, from its last event.
fn end_reason(execution: &Execution, events: &[Event]) -> FailureReason {
    match events.last() {
        Some(last) if execution.status.is_final() => FailureReason::of(last),
        _ => FailureReason::default(),
    }
}

fn reason_text(reason: &FailureReason) -> String {
    let texts = [&reason.error, &reason.cause].into_iter().flatten();
    texts.map(|text| printable(text)).collect::<Vec<_>>().join(": ")
}

fn timestamp(time: Option<&str>) -> Option<Timestamp> {
    time?.parse().ok()
}

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(printable("a\x1b[2J\r\nb\u{9b}卡"), r"a\u{1b}[2J\r\nb\u{9b}卡");
    }
}
