//! The history of a Step Functions execution, which shows tokens and the user's data.

use taskback::Sfn;

use super::*;
use crate::secrets::{Log, assert_hidden};

struct Execution {
    server: Server,
    opened: OpenedTask,
}

impl Execution {
    async fn start() -> Self {
        let (server, opened) = open(Service::Sfn).await;
        Self { server, opened }
    }

    fn taskback(&self) -> Taskback {
        taskback(&self.server, true)
    }

    /// The message, with what `"execution.$": "$$.Execution.Id"` makes.
    fn event(&self) -> Box<serde_json::value::RawValue> {
        let arn = &self.opened.waiting_state.as_ref().unwrap().execution_arn;
        let token = self.opened.token.expose();
        direct_event(
            &json!({"service": "sfn", "taskToken": token, "input": {}, "execution": arn}).to_string(),
        )
    }

    /// Opens more tasks of the execution, so that its history has more than one page, and ends them.
    async fn more_tasks(&self, number: usize) {
        let arn = &self.opened.waiting_state.as_ref().unwrap().execution_arn;
        for _ in 0..number {
            let task = OpenTask { execution_arn: Some(arn.clone()), ..OpenTask::new(Service::Sfn) };
            let opened = self.server.state().open(task).unwrap();
            let sfn = aws_sdk_sfn::Client::new(&taskback::aws::local(&self.server.url()));
            let call = sfn.send_task_success().task_token(opened.token.expose()).output("0");
            call.send().await.unwrap();
        }
    }

    async fn report_as_another(&self, error: Option<&str>) {
        let sfn = aws_sdk_sfn::Client::new(&taskback::aws::local(&self.server.url()));
        let token = self.opened.token.expose();
        match error {
            None => drop(sfn.send_task_success().task_token(token).output("\"other\"").send().await.unwrap()),
            Some(error) => drop(sfn.send_task_failure().task_token(token).error(error).send().await.unwrap()),
        }
    }
}

/// Attempt 1 was accepted and its answer is lost; attempt 2 finds the task closed.
#[tokio::test]
async fn sfn_history_identifies_our_lost_report() {
    let execution = Execution::start().await;
    let lost = Fault::new("SendTaskSuccess", FaultKind::LostAck);
    execution.server.state().inject(lost).unwrap();
    let log = Log::default();
    let writer = log.clone();
    let guard = tracing::subscriber::set_default(taskback::log::subscriber("trace", move || writer.clone()));
    let answer = invoke(&execution.taskback(), &execution.event()).await.unwrap();
    drop(guard);
    assert_eq!((&answer["receipt"], &answer["closedBy"]), (&json!("closed"), &json!("us")));
    assert_hidden(&log.text(), [execution.opened.token.expose()]);
}

#[tokio::test]
async fn sfn_history_is_read_over_pages() {
    let execution = Execution::start().await;
    let lost = Fault::new("SendTaskSuccess", FaultKind::LostAck).for_task(&execution.opened.fingerprint);
    // Other tasks of the execution end before and after it.
    execution.more_tasks(40).await;
    execution.server.state().inject(lost).unwrap();
    let answer = invoke(&execution.taskback(), &execution.event()).await.unwrap();
    assert_eq!(answer["closedBy"], "us");
    execution.more_tasks(40).await;
    // A worker with another ledger finds the same end.
    let answer = invoke(&execution.taskback(), &execution.event()).await.unwrap();
    assert_eq!((&answer["receipt"], &answer["closedBy"]), (&json!("closed"), &json!("us")));
}

#[tokio::test]
async fn sfn_history_identifies_foreign_report() {
    for error in [None, Some("Other")] {
        let execution = Execution::start().await;
        execution.report_as_another(error).await;
        let error = invoke(&execution.taskback(), &execution.event()).await.unwrap_err();
        assert!(error.to_string().contains("closed, not by us"), "{error}");
    }
}

#[tokio::test]
async fn aborted_execution_is_closed_by_another() {
    let execution = Execution::start().await;
    execution.server.state().cancel(&execution.opened.fingerprint).unwrap();
    let error = invoke(&execution.taskback(), &execution.event()).await.unwrap_err();
    assert!(error.to_string().contains("closed, not by us"), "{error}");
}

/// Without the execution's ARN, with an execution that does not exist, or with pages that repeat, nothing is proven.
#[tokio::test]
async fn unreadable_sfn_history_proves_nothing() {
    let page = |token: &str| Reply::http(200, "", &json!({"events": [], "nextToken": token}).to_string());
    let closed = Reply::http(400, "x-amzn-RequestId: R\r\n", r#"{"__type":"TaskTimedOut","message":""}"#);
    let missing = Reply::http(400, "x-amzn-RequestId: R\r\n", r#"{"__type":"ExecutionDoesNotExist"}"#);
    for (script, requests) in
        [(vec![closed.clone(), page("a"), page("b"), page("a")], 4), (vec![closed.clone(), missing], 2)]
    {
        let server = Wire::start(script).await;
        let services = Services::default().with(Sfn::local(&server.url));
        let taskback = Taskback::builder().step(done).services(services).ask_history(true).build().unwrap();
        let answer = invoke(&taskback, &Execution::start().await.event()).await.unwrap();
        assert_eq!((&answer["receipt"], &answer["closedBy"]), (&json!("closed"), &json!("unknown")));
        assert_eq!(server.requests().len(), requests);
    }
}
