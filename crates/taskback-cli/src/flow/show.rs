//! An execution in words and as JSON. The details of events are not shown, for they can hold task
//! tokens; only their errors and causes are.

use aliyun_fnf::{Event, Execution};
use jiff::Timestamp;
use serde::Serialize;
use taskback::flow::{Reason, View};

/// The lines of an execution's history, timed by its first event.
#[derive(Default)]
pub(super) struct Timeline {
    /// How many events have their line.
    shown: usize,
    began: Option<Timestamp>,
    /// The reason that was told last: one failure makes several events.
    told: Reason,
}

impl Timeline {
    /// The lines of what is new; a history only ever grows at its end.
    pub(super) fn grow(&mut self, events: &[Event]) -> String {
        self.began = self.began.or_else(|| at(events.first()?.time.as_deref()));
        let new = events.get(self.shown..).unwrap_or_default();
        self.shown += new.len();
        new.iter().map(|event| self.line(event)).collect()
    }

    fn line(&mut self, event: &Event) -> String {
        let text = |text: &Option<String>| plain(text.as_deref().unwrap_or_default());
        let time = match (at(event.time.as_deref()), self.began) {
            (Some(at), Some(began)) => format!("+{:.3} s", seconds(began, at)),
            _ => text(&event.time),
        };
        let reason = Reason::of(event);
        let why = if reason == self.told { String::new() } else { why(&reason) };
        let line = format!("{time:>14}  {:18}  {}", text(&event.event_type), text(&event.step_name));
        self.told = reason;
        format!("{}{}{why}\n", line.trim_end(), if why.is_empty() { "" } else { "  " })
    }
}

/// What stands above the timeline.
pub(super) fn head(flow: &str, name: &str, execution: &Execution) -> String {
    let mut text = format!("{flow}/{name}\n");
    if let Some(time) = &execution.started_time {
        text += &format!("  started  {}\n", plain(time));
    }
    if let Some(input) = &execution.input {
        text += &format!("  input    {}\n", plain(input));
    }
    text + "\n"
}

/// What stands below it.
pub(super) fn end(execution: &Execution, events: &[Event]) -> String {
    let times = at(execution.started_time.as_deref()).zip(at(execution.stopped_time.as_deref()));
    let mut text = format!("\n{}", status(execution));
    if let Some((started, stopped)) = times {
        text += &format!(" after {:.3} s", seconds(started, stopped));
    }
    let why = why(&reason(execution, events));
    if !why.is_empty() {
        text += &format!(": {why}");
    }
    match &execution.output {
        Some(output) => format!("{text}\n  output   {}\n", plain(output)),
        None => text + "\n",
    }
}

/// The service's word, which it may leave empty.
pub(super) fn status(execution: &Execution) -> String {
    match execution.status.as_str() {
        "" => "status unknown".to_owned(),
        word => plain(word),
    }
}

/// One object for programs.
pub(super) fn json(execution: &Execution, events: &[Event]) -> serde_json::Result<String> {
    let Reason { error, cause } = reason(execution, events);
    let events = events.iter().map(EventView::of).collect();
    serde_json::to_string(&Answer { execution: View::of(execution), error, cause, events })
}

/// Text from elsewhere, so that it cannot steer the terminal.
pub(super) fn plain(text: &str) -> String {
    let one = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(one).collect()
}

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    execution: View<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    events: Vec<EventView<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventView<'a> {
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

impl<'a> EventView<'a> {
    fn of(event: &'a Event) -> Self {
        let Reason { error, cause } = Reason::of(event);
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

/// Why an execution that has ended did not succeed: its last event says it.
fn reason(execution: &Execution, events: &[Event]) -> Reason {
    match events.last() {
        Some(last) if execution.status.is_final() => Reason::of(last),
        _ => Reason::default(),
    }
}

fn why(reason: &Reason) -> String {
    let texts = [&reason.error, &reason.cause].into_iter().flatten();
    texts.map(|text| plain(text)).collect::<Vec<_>>().join(": ")
}

fn at(time: Option<&str>) -> Option<Timestamp> {
    time?.parse().ok()
}

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn text_from_elsewhere_cannot_steer_the_terminal() {
        assert_eq!(plain("a\x1b[2J\r\nb\u{9b}卡"), r"a\u{1b}[2J\r\nb\u{9b}卡");
    }
}
