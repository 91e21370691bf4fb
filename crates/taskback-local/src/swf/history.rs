use serde_json::{Value, json};
use tokio::time::Instant;

use super::executions::Execution;
use super::fields::{Fields, invalid};
use super::{unknown, unknown_execution};
use crate::answer::Refusal;
use crate::books::Books;
use crate::call::Done;
use crate::task::End;
use crate::{TaskState, TaskView};

/// GetWorkflowExecutionHistory, always in one page.
pub(super) fn get(books: &mut Books, mut fields: Fields<'_>) -> Done {
    let domain = fields.need("domain", 256);
    let workflow_id = fields.need("execution.workflowId", 256);
    let run_id = fields.need("execution.runId", 64);
    let page = fields.text("nextPageToken", 2048);
    let newest_first = fields.flag("reverseOrder");
    fields.check()?;
    books.swf.check_domain(domain)?;
    let run = books.swf.run(run_id).filter(|run| run.domain == domain && run.workflow_id == workflow_id);
    let run = run.ok_or_else(|| unknown_execution(workflow_id, run_id))?;
    if page.is_some() {
        return Err(invalid("Invalid token"));
    }
    let mut events = run.events.clone();
    if newest_first {
        events.reverse();
    }
    Ok(json!({ "events": events }))
}

/// TerminateWorkflowExecution: the workflow ends and its open tasks with it.
pub(super) fn terminate(books: &mut Books, mut fields: Fields<'_>, now: Instant) -> Done {
    let domain = fields.need("domain", 256);
    let workflow_id = fields.need("workflowId", 256);
    let run_id = fields.text("runId", 64);
    let reason = fields.text("reason", 256);
    let details = fields.text("details", 32_768);
    fields.check()?;
    books.swf.check_domain(domain)?;
    let at = books.clock.epoch_seconds(now);
    let meant = |run: &&mut Execution| {
        let same = run.domain == domain && run.workflow_id == workflow_id;
        run.open && same && run_id.is_none_or(|run_id| run.run_id == run_id)
    };
    let Some(run) = books.swf.executions.iter_mut().find(meant) else {
        return Err(match run_id {
            Some(run_id) => unknown_execution(workflow_id, run_id),
            None => unknown(format!("Unknown execution, workflowId = {workflow_id}")),
        });
    };
    run.open = false;
    run.push(
        "WorkflowExecutionTerminated",
        at,
        json!({ "childPolicy": "TERMINATE", "reason": reason, "details": details }),
    );
    let ended = run.run_id.clone();
    let inside = |task: &&TaskView| {
        task.state == TaskState::Open
            && task.activity.as_ref().is_some_and(|activity| activity.run_id == ended)
    };
    let gone: Vec<_> = books.views().filter(inside).map(|task| task.fingerprint.clone()).collect();
    for fingerprint in gone {
        books.close(&fingerprint, End::WorkflowGone, now);
    }
    Ok(Value::Null)
}

/// RegisterDomain. Nothing else needs registering here: `/_local` opens tasks of any type.
pub(super) fn register_domain(books: &mut Books, mut fields: Fields<'_>) -> Done {
    let name = fields.need("name", 256);
    fields.need("workflowExecutionRetentionPeriodInDays", 8);
    fields.check()?;
    match books.swf.domains.insert(name.to_owned()) {
        true => Ok(Value::Null),
        false => Err(Refusal::bad_request("DomainAlreadyExistsFault", name)),
    }
}
