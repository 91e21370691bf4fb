//! The text format of Prometheus, version 0.0.4.

use std::fmt::{self, Write};

use super::count::{Count, Role};
use super::recorder::{Recorder, Slot};
use super::time::Time;

/// The media type of a page.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The page of such a process. A counter that is zero is listed too, so that its first increment is one.
pub(super) fn page(recorder: &Recorder, role: Role) -> String {
    let mut page = String::with_capacity(16 << 10);
    // Writing to a `String` does not fail.
    let _ = write(&mut page, recorder, role);
    page
}

fn write(page: &mut String, recorder: &Recorder, role: Role) -> fmt::Result {
    let mut family = "";
    for count in Count::list(role) {
        if count.family() != family {
            family = count.family();
            head(page, family, "counter")?;
        }
        for slot in recorder.slots() {
            write!(page, "{family}{{service=\"{}\"", slot.name())?;
            if let Some((name, value)) = count.label() {
                write!(page, ",{name}=\"{value}\"")?;
            }
            writeln!(page, "}} {}", slot.get(count))?;
        }
    }
    // The poller runs no step.
    if role == Role::Worker {
        for time in Time::ALL {
            head(page, time.family(), "histogram")?;
            recorder.slots().iter().try_for_each(|slot| histogram(page, slot, time))?;
        }
    }
    Ok(())
}

fn head(page: &mut String, family: &str, kind: &str) -> fmt::Result {
    writeln!(page, "# HELP {family} {}\n# TYPE {family} {kind}", help(family))
}

fn help(family: &str) -> &'static str {
    match family {
        "taskback_reports_total" => "Receipts, by the outcome that was reported.",
        "taskback_tasks_delegated_total" => "Tasks whose token another party holds now.",
        "taskback_tasks_closed_by_other_total" => {
            "Tasks that were closed by another party, or by an unknown one."
        }
        "taskback_outcomes_unreported_total" => "Deliveries of a task whose outcome got no receipt in time.",
        "taskback_report_attempts_total" => "Calls that report an outcome.",
        "taskback_reports_throttled_total" => "Calls that the service throttled.",
        "taskback_messages_nacked_total" => "Messages that are redelivered, by reason.",
        "taskback_polled_tasks_total" => "Tasks that were polled, by what became of them.",
        "taskback_polls_failed_total" => "Polls without an answer.",
        "taskback_step_duration_seconds" => "Time of a step.",
        "taskback_report_duration_seconds" => "Time of a report, with its retries.",
        "taskback_ledger_duration_seconds" => "Time of a call of the ledger, with its retries.",
        "taskback_queue_age_seconds" => "Time from the send of a message to its delivery.",
        _ => "",
    }
}

fn histogram(page: &mut String, slot: &Slot, time: Time) -> fmt::Result {
    // Only tasks have times.
    if slot.service.is_none() {
        return Ok(());
    }
    let (family, service) = (time.family(), slot.name());
    let times = slot.times(time).clone();
    let bounds = time.bounds().iter().map(|millis| (*millis as f64 / 1000.0).to_string());
    let mut total = 0;
    for (bound, number) in bounds.chain(["+Inf".to_owned()]).zip(times.buckets) {
        total += number;
        writeln!(page, "{family}_bucket{{service=\"{service}\",le=\"{bound}\"}} {total}")?;
    }
    writeln!(page, "{family}_sum{{service=\"{service}\"}} {}", times.sum as f64 / 1e6)?;
    writeln!(page, "{family}_count{{service=\"{service}\"}} {total}")
}
