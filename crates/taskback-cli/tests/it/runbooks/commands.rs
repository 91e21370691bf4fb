//! What each command of the page is expected to do here.

/// The end of a command.
pub(super) enum Expected {
    /// Its exit code and a part of what it prints; nothing is printed if the part is empty.
    Ends(i32, &'static str),
    /// The same, and what a real service would show beyond it.
    Partly(i32, &'static str, &'static str),
    /// Not run here, and the reason.
    NotRun(&'static str),
}

/// One command of one runbook.
pub(super) struct Row {
    pub(super) section: &'static str,
    pub(super) command: &'static str,
    pub(super) expected: Expected,
}

const fn row(section: &'static str, command: &'static str, expected: Expected) -> Row {
    Row { section, command, expected }
}

use Expected::{Ends, NotRun, Partly};

const SHOW: &str = "taskback task show TASK";
const DESCRIBE: &str = "taskback flow describe FLOW EXECUTION";

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    row("Before the first alarm", "aws cloudformation describe-stack-resources --stack-name STACK",
        Partly(0, r#""LogicalResourceId": "DeadLetters""#, "moto cannot read template.yaml: the stack has its names")),
    row("Before the first alarm", r#"aws logs filter-log-events --log-group-name GROUP --start-time $(($(date +%s) - 3600))000 --filter-pattern '{ $.event = "report.failed" }'"#,
        Partly(0, r#"\"event\":\"report.failed\""#, "moto ignores a pattern of JSON, and prints every line")),
    row("Before the first alarm", r#"kubectl logs deploy/taskback | jq -c 'select(.event == "report.failed")'"#,
        Partly(0, r#""event":"report.failed""#, "kubectl has no cluster: a script prints the worker's log in its place")),
    row("Before the first alarm", "export TASKBACK_LEDGER=dynamodb:TABLE", Ends(0, "")),
    row("Before the first alarm", SHOW, Ends(0, "state     decided, not reported\n")),

    row("ReportsFailedAlarm", SHOW, Ends(0, "state     reported\n")),
    row("ClosedElsewhereAlarm", DESCRIBE, Ends(0, "Stopped")),
    row("ClosedElsewhereAlarm", "aws swf get-workflow-execution-history --domain DOMAIN --execution workflowId=WORKFLOW,runId=RUN",
        Ends(0, r#""eventType": "WorkflowExecutionTerminated""#)),
    row("ClosedElsewhereAlarm", SHOW, Ends(0, "workflowId=order-8")),
    row("DeadLettersAlarm", "taskback dead-letters list --queue-url URL",
        Ends(0, "decided, not reported (failed): reports the recorded outcome")),
    row("DeadLettersAlarm", "taskback dead-letters redrive --queue-url URL --apply", Ends(0, "1 moved to ")),
    row("DeadLettersAlarm", "aws sqs get-queue-attributes --queue-url URL --attribute-names ApproximateNumberOfMessages ApproximateNumberOfMessagesNotVisible",
        Ends(0, r#""ApproximateNumberOfMessagesNotVisible": "0""#)),
    row("FailedFlowRequestsAlarm", "aws sqs receive-message --queue-url URL --visibility-timeout 600",
        Ends(0, r#"\"requestId\":\"first-1\""#)),
    row("FailedFlowRequestsAlarm", "taskback flow start FLOW --name NAME --input JSON", Ends(0, "verify/order-9")),
    row("FailedFlowRequestsAlarm", "aws lambda invoke --function-name FLOW_CONTROL --payload fileb://FILE answer.json",
        Partly(0, r#""StatusCode": 200"#, "moto runs no function")),
    row("FailedFlowRequestsAlarm", "aws sqs delete-message --queue-url URL --receipt-handle HANDLE", Ends(0, "")),
    row("FailedFlowRequestsAlarm", "taskback flow describe FLOW NAME", Ends(0, "Running")),
    row("OldestMessageAlarm", "aws lambda list-event-source-mappings --function-name WORKER", Ends(0, r#""State": "Enabled""#)),
    row("TasksNotQueuedAlarm", "aws swf terminate-workflow-execution --domain DOMAIN --workflow-id WORKFLOW --run-id RUN", Ends(0, "")),
    row("TasksNotQueuedAlarm", "aws stepfunctions list-executions --state-machine-arn ARN --status-filter RUNNING",
        Ends(0, r#""status": "RUNNING""#)),
    row("TasksNotQueuedAlarm", "aws stepfunctions stop-execution --execution-arn EXECUTION", Ends(0, r#""stopDate""#)),

    row("ledger.unavailable", "taskback ledger check --ledger STORE", Ends(0, "ok       ")),
    row("ledger.unavailable", "taskback ledger sweep --ledger STORE", Ends(0, "0 expired rows deleted")),
    row("lease.lost", SHOW, Ends(0, "state     running\n")),
    row("outcome.conflict", SHOW, Ends(0, "state     reported\n")),
    row("task.delegation_unconfirmed", DESCRIBE, Ends(0, "Running")),
    row("task.delegation_unconfirmed", SHOW, Ends(0, "state     delegated\n")),
    row("task.held_by_other", SHOW, Ends(0, "state     running\n")),
    row("event.rejected", "taskback invoke --open -e FILE", Ends(1, r#""errorType":"#)),
    row("process.panicked", "taskback invoke --function PROGRAM --open -e FILE",
        Partly(0, "report.accepted", "the shipped worker is the program, and does not panic")),
    row("flow.failed", "taskback flow stop FLOW EXECUTION", Ends(0, "verify/order-9  Stopped")),
    row("flow.failed", DESCRIBE, Ends(0, "Stopped")),

    row("Report a task by hand", "aws sqs receive-message --queue-url URL --visibility-timeout 600 | jq -ej '.Messages[0].Body | fromjson | .taskToken' > token",
        Ends(0, "")),
    row("Report a task by hand", "taskback task report --service swf recorded < token", Ends(0, "Receipt: recorded")),
    row("Report a task by hand", r#"taskback task report --service swf succeed --output '{"valid":true}' < token"#, Ends(0, "Receipt: recorded")),
    row("Report a task by hand", "taskback task report --service swf fail --error CardDeclined --cause 'by hand, ticket 7' < token",
        Ends(0, "Receipt: recorded")),
    row("Report a task by hand", "taskback task report --service swf cancel < token", Ends(0, "Receipt: recorded")),
    row("Report a task by hand", SHOW, Ends(0, "state     reported\n")),
    row("Free a task of a dead worker", SHOW, Ends(0, "owner     ")),
    row("Free a task of a dead worker", "ps -p PID", Ends(1, "PID")),
    row("Free a task of a dead worker", "taskback task release TASK --owner-is-dead", Ends(0, "The lease is ended")),
    row("Rotate the secret", "aws secretsmanager put-secret-value --secret-id SECRET --secret-string file://FILE", Ends(0, "AWSCURRENT")),
    row("Upgrade", "taskback doctor template.yaml --parameter Step=STEP", Ends(0, "no findings\n")),
    row("Upgrade", "taskback ledger init --ledger STORE", Ends(0, "CREATE TABLE IF NOT EXISTS")),
    row("Upgrade", "taskback ledger init --apply --ledger STORE", Ends(0, "The tables are there.")),
    row("Upgrade", "taskback ledger check --ledger STORE", Ends(0, "ok       ")),
    row("Roll back", "sam deploy", NotRun("it needs an account of AWS; tests/sam builds and runs what it deploys")),
    row("Roll back", "s deploy", NotRun("it needs an account of Alibaba Cloud, and a program that is not installed here")),
    row("Turn off", "taskback poll", Ends(0, "poller.ended")),
    row("Turn off", "aws lambda list-event-source-mappings --function-name FUNCTION", Ends(0, r#""UUID""#)),
    row("Turn off", "aws lambda update-event-source-mapping --uuid ID --no-enabled", Ends(0, r#""State": "Disabled""#)),
];
