use serde_json::{Value, json};
use taskback_core::{Service, TaskToken};
use tokio::time::Instant;

use super::fields::{Fields, invalid};
use super::{unknown, unknown_execution};
use crate::answer::Refusal;
use crate::books::Books;
use crate::call::Done;
use crate::{Activity, Outcome, TaskState};

const MOST_DATA: usize = 32_768;
const MOST_REASON: usize = 256;
const MOST_PROGRESS: usize = 2048;

/// PollForActivityTask. No answer while there is no task and time to wait; then one without a token.
pub(super) fn poll(books: &mut Books, mut fields: Fields<'_>, now: Instant, last: bool) -> Option<Done> {
    let domain = fields.need("domain", 256);
    let task_list = fields.need("taskList.name", 256);
    let identity = fields.text("identity", 256);
    if let Err(refusal) = fields.check().and_then(|()| books.swf.check_domain(domain)) {
        return Some(Err(refusal));
    }
    match take(books, domain, task_list, identity, now) {
        Some(task) => Some(Ok(task)),
        None if last => Some(Ok(json!({ "startedEventId": 0 }))),
        None => None,
    }
}

/// RecordActivityTaskHeartbeat.
pub(super) fn heartbeat(books: &mut Books, mut fields: Fields<'_>, now: Instant) -> Done {
    let token = fields.need("taskToken", most_token());
    let details = fields.text("details", MOST_PROGRESS);
    fields.check()?;
    let fingerprint = open_task(books, token)?;
    let task = books.task_mut(&fingerprint).ok_or_else(invalid_token)?;
    task.timers.beat(now);
    task.view.heartbeats += 1;
    if let Some(details) = details {
        task.view.progress = Some(details.to_owned());
    }
    Ok(json!({ "cancelRequested": task.view.cancel_requested }))
}

/// RespondActivityTaskCompleted.
pub(super) fn completed(books: &mut Books, mut fields: Fields<'_>, now: Instant) -> Done {
    let token = fields.need("taskToken", most_token());
    let output = fields.text("result", MOST_DATA).map(str::to_owned);
    fields.check()?;
    tell(books, token, Outcome::Succeeded { output }, now)
}

/// RespondActivityTaskFailed.
pub(super) fn failed(books: &mut Books, mut fields: Fields<'_>, now: Instant) -> Done {
    let token = fields.need("taskToken", most_token());
    let error = fields.text("reason", MOST_REASON).map(str::to_owned);
    let cause = fields.text("details", MOST_DATA).map(str::to_owned);
    fields.check()?;
    tell(books, token, Outcome::Failed { error, cause }, now)
}

/// RespondActivityTaskCanceled; taken whether or not a cancellation was requested.
pub(super) fn canceled(books: &mut Books, mut fields: Fields<'_>, now: Instant) -> Done {
    let token = fields.need("taskToken", most_token());
    let details = fields.text("details", MOST_DATA).map(str::to_owned);
    fields.check()?;
    tell(books, token, Outcome::Canceled { details }, now)
}

fn tell(books: &mut Books, token: &str, outcome: Outcome, now: Instant) -> Done {
    let fingerprint = open_task(books, token)?;
    books.tell(&fingerprint, outcome, now);
    Ok(Value::Null)
}

/// The first task of that list that nobody has polled; its clocks start over.
fn take(books: &mut Books, domain: &str, list: &str, identity: Option<&str>, now: Instant) -> Option<Value> {
    let mut unpolled = std::mem::take(&mut books.swf.unpolled);
    unpolled.retain(|waiting| books.task(waiting).is_some_and(|task| task.view.state == TaskState::Open));
    let wanted = |fingerprint: &String| {
        let activity = books.task(fingerprint).and_then(|task| task.view.activity.as_ref());
        activity.is_some_and(|activity| activity.domain == domain && activity.task_list == list)
    };
    let taken = unpolled.iter().position(wanted).and_then(|place| unpolled.remove(place));
    books.swf.unpolled = unpolled;
    let task = books.task_mut(&taken?)?;
    task.timers.restart(now);
    let activity = task.view.activity.clone()?;
    let mut answer = activity.as_polled();
    answer["taskToken"] = task.token.expose().into();
    answer["input"] = task.input.as_str().into();
    let at = books.clock.epoch_seconds(now);
    books.swf.record_poll(&activity, identity, at);
    Some(answer)
}

/// The fingerprint of an open task; a closed one is told from an unknown one, as the service does.
fn open_task(books: &Books, token: &str) -> Result<String, Refusal> {
    let token = TaskToken::new(Service::Swf, token).map_err(|_| invalid_token())?;
    let fingerprint = token.fingerprint().hex();
    let task = books.task(&fingerprint).ok_or_else(invalid_token)?;
    let activity = task.view.activity.as_ref().ok_or_else(invalid_token)?;
    match task.view.state {
        TaskState::Open => Ok(fingerprint),
        _ if !books.swf.is_open(activity) => Err(unknown_execution(&activity.workflow_id, &activity.run_id)),
        _ => Err(unknown(format!("Unknown activity, scheduledEventId = {}", activity.scheduled_event_id))),
    }
}

fn most_token() -> usize {
    TaskToken::most_chars(Service::Swf)
}

fn invalid_token() -> Refusal {
    invalid("Invalid token")
}

impl Activity {
    /// As a poll tells it, without token and input.
    pub(crate) fn as_polled(&self) -> Value {
        json!({
            "activityId": self.activity_id,
            "activityType": { "name": self.activity_name, "version": self.activity_version },
            "startedEventId": self.started_event_id,
            "workflowExecution": { "workflowId": self.workflow_id, "runId": self.run_id },
        })
    }
}
