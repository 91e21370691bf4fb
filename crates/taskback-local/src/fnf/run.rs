//! Moves executions on: from state to state until one waits or the execution ends.

use std::sync::Arc;

use tokio::time::Instant;

use super::definition::Kind;
use super::end::{Callback, Failure, end, fail, succeed};
use super::execution::{Execution, Reason, Status, Waits};
use super::executions::is_object;
use super::reports::MOST_OUTPUT;
use super::tasks;
use super::template::Template;
use crate::books::Books;
use crate::task::End;

/// What becomes of a state that was entered.
pub(super) enum Step {
    Done(String),
    Waits,
}

enum Next {
    State(usize, String),
    End(String),
}

pub(super) fn start(books: &mut Books, mut run: Execution, now: Instant) {
    let input = run.input.clone();
    run.status = Status::Running;
    run.push("ExecutionStarted", now, &[("input", &input)]);
    let (first, id) = (run.machine.start, books.fnf.executions.len());
    if let Some(flow) = books.fnf.flows.get_mut(&run.flow_name) {
        flow.executions.insert(run.name.clone(), id);
    }
    books.fnf.executions.push(run);
    let callback = walk(books, id, Next::State(first, input), now);
    books.call_back(callback, now);
}

/// The state that the execution is in came to its end.
pub(super) fn resume(books: &mut Books, id: usize, came: Result<String, Failure>, at: Instant) -> Callback {
    let run = &mut books.fnf.executions[id];
    run.waits = Waits::Nothing;
    match came.and_then(|output| leave(run, output, at)) {
        Ok(next) => walk(books, id, next, at),
        Err(failure) => fail(run, failure, at),
    }
}

pub(super) fn stop(books: &mut Books, id: usize, reason: Reason, at: Instant) {
    let run = &mut books.fnf.executions[id];
    let waits = std::mem::replace(&mut run.waits, Waits::Nothing);
    let callback = end(run, Status::Stopped, reason, at);
    if let Waits::For(fingerprint, _) = waits {
        books.fnf.tasks.remove(&fingerprint);
        books.close(&fingerprint, End::WorkflowGone, at);
    }
    books.call_back(callback, at);
}

/// A timer of the execution went off, unless what it was for is over already.
pub(super) fn due(books: &mut Books, id: usize, at: Instant) {
    let run = &mut books.fnf.executions[id];
    if let Some((_, reason)) = run.stopping.take_if(|(when, _)| *when <= at) {
        stop(books, id, reason, at);
    } else if let Waits::Until(when) = run.waits
        && when <= at
    {
        let output = run.state_input.clone();
        let callback = resume(books, id, Ok(output), at);
        books.call_back(callback, at);
    }
}

fn walk(books: &mut Books, id: usize, mut next: Next, at: Instant) -> Callback {
    loop {
        let came = match next {
            Next::State(place, input) => enter(books, id, place, input, at),
            Next::End(output) => return succeed(&mut books.fnf.executions[id], output, at),
        };
        let run = &mut books.fnf.executions[id];
        let left = match came {
            Ok(Step::Waits) => return None,
            Ok(Step::Done(output)) => leave(run, output, at),
            Err(failure) => Err(failure),
        };
        next = match left {
            Ok(next) => next,
            Err(failure) => return fail(run, failure, at),
        };
    }
}

fn enter(books: &mut Books, id: usize, place: usize, input: String, at: Instant) -> Result<Step, Failure> {
    let run = &mut books.fnf.executions[id];
    let machine = Arc::clone(&run.machine);
    let state = &machine.states[place];
    run.place = place;
    run.push_step("StepEntered", 0, at, &[("input", &input)]);
    if run.events.len() > MOST_EVENTS {
        return Err(Failure::new(
            "HistoryTooLong",
            format!("The history has more than {MOST_EVENTS} events."),
        ));
    }
    run.state_input = input;
    if let Some(constructor) = &state.input {
        run.state_input = construct(run, constructor, None)?;
    }
    let input = run.state_input.clone();
    match &state.kind {
        Kind::Pass | Kind::Succeed => Ok(Step::Done(input)),
        Kind::Fail { error, cause } => {
            let reason = Reason { error: Some(error.clone()), cause: cause.clone() };
            Err(Failure { status: Status::Failed, reason })
        }
        Kind::Wait(seconds, most) => {
            let wait = seconds.seconds(&run.scope(None, None), "Seconds", 1, *most)?;
            run.waits = Waits::Until(at + wait);
            books.fnf.timers.insert((at + wait, id));
            Ok(Step::Waits)
        }
        Kind::Task(task) => tasks::submit(books, id, task, at),
    }
}

fn leave(run: &mut Execution, output: String, at: Instant) -> Result<Next, Failure> {
    let machine = Arc::clone(&run.machine);
    let state = &machine.states[run.place];
    check(&output)?;
    let output = match &state.output {
        Some(constructor) => construct(run, constructor, Some(&output))?,
        None => output,
    };
    run.push_step("StepExited", 0, at, &[("output", &output)]);
    Ok(match state.next {
        Some(next) => Next::State(next, output),
        None => Next::End(output),
    })
}

fn construct(run: &Execution, constructor: &Template, output: Option<&str>) -> Result<String, Failure> {
    let built = constructor.render(&run.scope(output, None)).map_err(Failure::expression)?;
    check(&built).map(|()| built)
}

fn check(data: &str) -> Result<(), Failure> {
    if data.len() > MOST_OUTPUT {
        return Err(Failure::new(
            "DataTooLarge",
            format!("Input or output has more than {MOST_OUTPUT} bytes."),
        ));
    }
    match is_object(data) {
        true => Ok(()),
        false => Err(Failure::new("DataNotObject", "Input or output is not a JSON object.")),
    }
}

/// A flow that goes round in circles ends here.
const MOST_EVENTS: usize = 5000;
