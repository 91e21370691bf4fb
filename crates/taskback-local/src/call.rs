use std::time::Duration;

use http::StatusCode;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout_at};

use crate::answer::{Answer, Refusal, Reply};
use crate::books::Books;
use crate::{Attempt, FaultKind, State};

/// How a service words its answers.
pub(crate) trait Dialect {
    /// A success; `Null` is one without a body.
    fn success(&self, body: Value) -> Answer;
    fn refusal(&self, refusal: Refusal) -> Answer;
    fn throttled(&self) -> Refusal;
    fn broken(&self) -> Refusal;
    fn denied(&self) -> Refusal;
    fn skewed(&self) -> Refusal;
    fn conflict(&self, operation: &str) -> Refusal;
}

/// A call whose signature was found in order.
pub(crate) struct Call<'a> {
    pub(crate) operation: &'a str,
    /// Of the token that the call names, if it names one.
    pub(crate) fingerprint: Option<String>,
    /// Whether it tells an outcome, and so belongs in the task's list of reports.
    pub(crate) report: bool,
    /// How long the operation may wait for something to happen.
    pub(crate) wait: Duration,
}

/// One look at the books on behalf of a call.
#[derive(Clone, Copy)]
pub(crate) struct Turn {
    pub(crate) now: Instant,
    /// Whether the call must have an answer now: its time to wait is over.
    pub(crate) last: bool,
    /// The fault that the call meets.
    pub(crate) fault: Option<FaultKind>,
}

pub(crate) type Done = Result<Value, Refusal>;

/// Carries a call out, through the fault that it meets. `operate` is asked again after every change
/// of the books while it has no answer.
pub(crate) async fn run(
    state: &State,
    dialect: &(dyn Dialect + Sync),
    call: Call<'_>,
    mut operate: impl FnMut(&mut Books, Turn) -> Option<Done>,
) -> Reply {
    let fault = state.books().faults.take(call.operation, call.fingerprint.as_deref());
    let refusal = match fault {
        Some(FaultKind::Cut | FaultKind::Html502) => {
            note(&mut state.books(), &call, fault, None);
            let html = fault == Some(FaultKind::Html502);
            return if html { Reply::Answer(Answer::bad_gateway()) } else { Reply::Cut };
        }
        Some(FaultKind::Throttle) => Some(dialect.throttled()),
        Some(FaultKind::Error500) => Some(dialect.broken()),
        Some(FaultKind::Refuse) => Some(dialect.denied()),
        Some(FaultKind::Skewed) => Some(dialect.skewed()),
        Some(FaultKind::Conflict) => Some(dialect.conflict(call.operation)),
        Some(FaultKind::LostAck | FaultKind::Delay(_) | FaultKind::Stopping(_)) | None => None,
    };
    let until = Instant::now() + call.wait;
    let mut refusal = refusal.map(Err);
    let done = loop {
        // Asked for before looking, so that nothing that happens between is missed.
        let changed = state.changed();
        let wake = {
            let mut books = state.books();
            let now = Instant::now();
            let turn = Turn { now, last: now >= until, fault };
            if let Some(done) = refusal.take().or_else(|| operate(&mut books, turn)) {
                note(&mut books, &call, fault, Some(&done));
                break done;
            }
            books.next_due().map_or(until, |due| due.min(until))
        };
        let _either_way = timeout_at(wake, changed).await;
    };
    state.tell_waiting();
    match fault {
        Some(FaultKind::LostAck) => return Reply::Cut,
        Some(FaultKind::Delay(delay)) => sleep(delay).await,
        _ => {}
    }
    Reply::Answer(match done {
        Ok(body) => dialect.success(body),
        Err(refusal) => dialect.refusal(refusal),
    })
}

/// Writes a report down in the same breath as it takes effect, so that the list is in true order.
fn note(books: &mut Books, call: &Call<'_>, fault: Option<FaultKind>, done: Option<&Done>) {
    let (status, code) = match (fault, done) {
        (Some(FaultKind::LostAck | FaultKind::Cut), _) => (None, None),
        (_, None) => (Some(StatusCode::BAD_GATEWAY), None),
        (_, Some(Ok(_))) => (Some(StatusCode::OK), None),
        (_, Some(Err(refusal))) => (Some(refusal.status), Some(refusal.code)),
    };
    let accepted = matches!(done, Some(Ok(_)));
    let name = call.fingerprint.as_deref().unwrap_or_default();
    let operation = call.operation;
    tracing::debug!(
        operation,
        task = name.get(..8),
        status = status.map(|status| status.as_u16()),
        code,
        accepted,
        fault = fault.map(|fault| fault.to_string()),
        "call"
    );
    if call.report {
        let attempt = Attempt {
            operation: operation.to_owned(),
            status: status.map(|status| status.as_u16()),
            code: code.map(str::to_owned),
            accepted,
            fault: fault.map(|fault| fault.to_string()),
        };
        books.note(name, attempt);
    }
}
