//! Whether it all came out right, by what the services themselves remember.

use std::collections::HashSet;

use serde_json::{Value, json};
use taskback_local::{Outcome, State, TaskState, TaskView};

use super::flows::Ended;
use super::messages::{Expected, Message};

/// One line: `Ok` where every task has exactly the outcome it should and was told it once, and every
/// message without a task was kept, and every execution succeeded. `again` is how many steps ran more than
/// once.
pub(super) fn of(
    state: &State,
    messages: &[Message],
    executions: &[Ended],
    again: usize,
) -> Result<String, String> {
    let mut seen = HashSet::new();
    let mut wrong = Vec::new();
    for message in messages {
        match &message.task {
            Some(task) if seen.insert(task.fingerprint) => wrong.extend(fault(state, task)),
            _ => {}
        }
        if message.kept != message.task.is_none() {
            let became = if message.kept { "kept" } else { "done" };
            wrong.push(format!("{:?} was {became}", message.what));
        }
    }
    let unwanted = executions.iter().filter(|execution| execution.status != "Succeeded");
    wrong.extend(unwanted.map(|execution| format!("{} is {}", execution.name, execution.status)));
    if again > 0 {
        wrong.push(format!("{again} steps ran again though their outcome was decided"));
    }
    let unmet = state.faults().len();
    if unmet > 0 {
        wrong.push(format!("{unmet} of the faults were not met"));
    }
    if !wrong.is_empty() {
        return Err(format!("Not every task has exactly the outcome it should: {}.", wrong.join("; ")));
    }
    let kept = messages.iter().filter(|message| message.kept).count();
    Ok(format!(
        "Every task has exactly the outcome it should: {} tasks, each told once; {kept} unreadable messages are kept; {} executions succeeded.",
        seen.len(),
        executions.len()
    ))
}

fn fault(state: &State, expected: &Expected) -> Option<String> {
    let Expected { service, fingerprint, handed_over, .. } = expected;
    let Some(task) = state.task(&fingerprint.hex()) else {
        return Some(format!("{service} does not know {fingerprint}"));
    };
    let taken = task.reports.iter().filter(|report| report.accepted).count();
    if !is_right(&task, expected.state) {
        Some(format!("{fingerprint} is {:?} at {service}", task.state))
    } else if taken != usize::from(!handed_over) {
        Some(format!("{service} took {taken} reports of {fingerprint}"))
    } else {
        None
    }
}

/// State and content, as the example step decides them.
fn is_right(task: &TaskView, state: TaskState) -> bool {
    let told = match &task.outcome {
        Some(Outcome::Succeeded { output: Some(output) }) => {
            let verified = json!({ "cardNumber": "**** **** **** 1111", "valid": true });
            serde_json::from_str::<Value>(output).is_ok_and(|output| output == verified)
        }
        Some(Outcome::Failed { error: Some(error), .. }) => error == "CardDeclined",
        _ => false,
    };
    task.state == state && told
}

#[cfg(test)]
mod tests {
    use taskback::{Services, Taskback, verify_card};
    use taskback_local::{Config, Server};

    use super::super::messages;
    use super::*;

    #[tokio::test]
    async fn a_task_that_nobody_told_is_named() {
        let server = Server::bind(Config::default()).await.unwrap();
        let messages = messages::direct(server.state()).unwrap();
        let verdict = of(server.state(), &messages, &[], 0).unwrap_err();
        let first = messages[0].task.unwrap().fingerprint;
        assert!(verdict.contains(&format!("{first} is Open at fnf")), "{verdict}");
    }

    #[tokio::test]
    async fn a_task_with_the_wrong_outcome_is_named() {
        let server = Server::bind(Config::default()).await.unwrap();
        let mut messages = messages::direct(server.state()).unwrap();
        let builder = Taskback::builder().step(verify_card);
        let taskback = builder.services(Services::local(&server.url()).unwrap()).build().unwrap();
        for message in &mut messages {
            let event = serde_json::value::to_raw_value(&message.body).unwrap();
            message.kept = taskback.handle(&event, super::super::TIMEOUT).await.is_err();
        }
        of(server.state(), &messages, &[], 0).unwrap();

        let told = messages[0].task.as_mut().unwrap();
        told.state = TaskState::Failed;
        let told = told.fingerprint;
        let verdict = of(server.state(), &messages, &[], 0).unwrap_err();
        assert!(verdict.contains(&format!("{told} is Succeeded at fnf")), "{verdict}");
    }
}
