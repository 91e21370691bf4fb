//! FnF's side: RPC style, one group of operations a file; `definition` reads flows and `run` runs them.

mod definition;
mod desk;
mod dialect;
mod end;
mod execution;
mod executions;
mod expression;
mod flows;
mod gate;
mod history;
mod limiter;
mod operation;
mod params;
mod reports;
mod run;
mod signature;
mod tasks;
mod template;
pub(crate) mod token;
mod yaml;

use http::StatusCode;
use taskback_core::{Service, TaskToken};
use tokio::time::Instant;

pub(crate) use self::desk::Desk;
use self::dialect::Rpc;
pub(crate) use self::operation::Operation;
use self::params::Params;
use crate::State;
use crate::answer::{Refusal, Reply};
use crate::books::Books;
use crate::call::{self, Call, Dialect, Done, Turn};
use crate::request::Request;
use crate::task::End;

/// The most bytes of a request's body, as FnF documents it.
pub(crate) const MOST_BODY: usize = 1024 * 1024;

/// Moves on the execution whose time has come first.
pub(crate) fn due(books: &mut Books) {
    if let Some((at, id)) = books.fnf.timers.pop_first() {
        run::due(books, id, at);
    }
}

/// A task has ended: its flow, if it has one, goes on. Answers the task that thereby has its end.
pub(crate) fn task_ended(
    books: &mut Books,
    fingerprint: &str,
    end: End,
    at: Instant,
) -> Option<(String, End)> {
    tasks::ended(books, fingerprint, end, at)
}

pub(crate) async fn handle(state: &State, request: &Request) -> Reply {
    let admitted = Params::read(request).and_then(|params| {
        let now = jiff::Timestamp::now();
        state.books().fnf.gate.admit(&request.method, &params, now).map(|operation| (operation, params))
    });
    let (operation, params) = match admitted {
        Ok(admitted) => admitted,
        Err(refusal) => {
            tracing::debug!(
                status = refusal.status.as_u16(),
                code = refusal.code,
                "FnF call refused at the gate"
            );
            return Reply::Answer(Rpc.refusal(refusal));
        }
    };
    let token = params.get("TaskToken").and_then(|text| TaskToken::new(Service::Fnf, text).ok());
    let call = Call {
        operation: operation.name(),
        fingerprint: token.map(|token| token.fingerprint().hex()),
        report: operation.is_report(),
        wait: executions::wait(&params),
    };
    let mut counted = false;
    call::run(state, &Rpc, call, |books, turn| {
        // A call that waits is asked for often and counts once.
        let passes = counted || books.fnf.limits.take(operation, turn.now);
        counted = true;
        if passes { operate(books, operation, &params, turn) } else { Some(Err(throttled())) }
    })
    .await
}

fn operate(books: &mut Books, operation: Operation, params: &Params, turn: Turn) -> Option<Done> {
    let now = turn.now;
    Some(match operation {
        Operation::ReportTaskSucceeded | Operation::ReportTaskFailed => {
            reports::report(books, operation, params, now)
        }
        Operation::CreateFlow => flows::create(books, params, now),
        Operation::DescribeFlow => flows::describe(books, params),
        Operation::DeleteFlow => flows::delete(books, params, now),
        Operation::StartExecution => executions::start(books, params, now),
        Operation::StopExecution => executions::stop(books, params, turn),
        Operation::DescribeExecution => return executions::describe(books, params, turn.last),
        Operation::GetExecutionHistory => history::get(books, params),
        Operation::ListExecutions => executions::list(books, params),
    })
}

fn throttled() -> Refusal {
    Refusal::new(
        StatusCode::TOO_MANY_REQUESTS,
        "ResourceThrottled",
        "The request is throttled. Please try again later.",
    )
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::bad_request("InvalidArgument", message)
}

fn missing(parameter: &str) -> Refusal {
    Refusal::bad_request("MissingRequiredParams", format!("{parameter} is required."))
}
