//! The verdict on the demo, from the state of the services themselves.

use std::collections::HashSet;

use serde_json::{Value, json};
use taskback_local::{ReportedOutcome, SharedState, TaskState, TaskView};

use super::flows::FinishedExecution;
use super::messages::{ExpectedTask, Message};

/// Returns one line: `Ok` if every task has exactly its expected outcome from exactly one accepted report, every message
/// without a task was nacked, every execution succeeded and no step ran again. `repeated_steps` is the number of steps
/// that ran again.
pub(super) fn judge(
    state: &SharedState,
    messages: &[Message],
    executions: &[FinishedExecution],
    repeated_steps: usize,
) -> Result<String, String> {
    let mut seen = HashSet::new();
    let mut problems = Vec::new();
    for message in messages {
        match &message.task {
            Some(task) if seen.insert(task.fingerprint) => problems.extend(problem(state, task)),
            _ => {}
        }
        if message.nacked != message.task.is_none() {
            let settlement = if message.nacked { "nacked" } else { "acknowledged" };
            problems.push(format!("{:?} was {settlement}", message.description));
        }
    }
    let unsuccessful = executions.iter().filter(|execution| execution.status != "Succeeded");
    problems.extend(unsuccessful.map(|execution| format!("{} is {}", execution.name, execution.status)));
    if repeated_steps > 0 {
        problems.push(format!("{repeated_steps} steps ran again although their outcome was decided"));
    }
    let unused = state.faults().len();
    if unused > 0 {
        problems.push(format!("{unused} injected faults did not occur"));
    }
    if !problems.is_empty() {
        return Err(format!("Not every task has exactly its expected outcome: {}.", problems.join("; ")));
    }
    let nacked = messages.iter().filter(|message| message.nacked).count();
    Ok(format!(
        "Every task has exactly its expected outcome: {} tasks, one accepted report each; {nacked} unreadable messages nacked; {} executions succeeded.",
        seen.len(),
        executions.len()
    ))
}

fn problem(state: &SharedState, expected: &ExpectedTask) -> Option<String> {
    let ExpectedTask { service, fingerprint, is_delegated, .. } = expected;
    let Some(task) = state.task(&fingerprint.hex()) else {
        return Some(format!("{service} does not know {}", fingerprint.short()));
    };
    let accepted = task.reports.iter().filter(|report| report.accepted).count();
    if !is_expected(&task, expected.state) {
        Some(format!("{} is {:?} at {service}", fingerprint.short(), task.state))
    } else if accepted != usize::from(!is_delegated) {
        Some(format!("{service} accepted {accepted} reports of {}", fingerprint.short()))
    } else {
        None
    }
}

/// True if state and content are those that the example step decides.
fn is_expected(task: &TaskView, state: TaskState) -> bool {
    let has_content = match &task.outcome {
        Some(ReportedOutcome::Succeeded { output: Some(output) }) => {
            let verified = json!({ "cardNumber": "**** **** **** 1111", "valid": true });
            serde_json::from_str::<Value>(output).is_ok_and(|output| output == verified)
        }
        Some(ReportedOutcome::Failed { error: Some(error), .. }) => error == "CardDeclined",
        _ => false,
    };
    task.state == state && has_content
}

#[cfg(test)]
mod tests {
    use taskback::examples::verify_card;
    use taskback::{Services, Taskback};
    use taskback_local::{Config, Server};

    use super::super::{delivery, messages};
    use super::*;

    #[tokio::test]
    async fn unreported_task_is_named() {
        let server = Server::bind(Config::default()).await.unwrap();
        let messages = messages::direct(server.state()).unwrap();
        let verdict = judge(server.state(), &messages, &[], 0).unwrap_err();
        let first = messages[0].task.unwrap().fingerprint.short();
        assert!(verdict.contains(&format!("{first} is Open at fnf")), "{verdict}");
    }

    #[tokio::test]
    async fn wrong_outcome_is_named() {
        let server = Server::bind(Config::default()).await.unwrap();
        let mut messages = messages::direct(server.state()).unwrap();
        let builder = Taskback::builder().step(verify_card);
        let taskback = builder.services(Services::local(&server.url()).unwrap()).build().unwrap();
        for message in &mut messages {
            let event = message.body.clone();
            delivery::deliver(&taskback, &delivery::Reasons::default(), message, &event).await.unwrap();
        }
        judge(server.state(), &messages, &[], 0).unwrap();

        let task = messages[0].task.as_mut().unwrap();
        task.state = TaskState::Failed;
        let fingerprint = task.fingerprint.short();
        let verdict = judge(server.state(), &messages, &[], 0).unwrap_err();
        assert!(verdict.contains(&format!("{fingerprint} is Succeeded at fnf")), "{verdict}");
    }
}
