//! The history of a durable execution, which shows callback ids and the user's data.

use taskback::{Durable, Outcome, Output, ReportRequest, Reporter, ServiceResponse, TaskToken};
use tokio::time::Instant;

use super::*;
use crate::secrets::{Log, assert_hidden};

struct Execution {
    server: Server,
    opened: OpenedTask,
}

impl Execution {
    async fn start() -> Self {
        let (server, opened) = open(Service::Durable).await;
        Self { server, opened }
    }

    fn taskback(&self) -> Taskback {
        taskback(&self.server, true)
    }

    fn arn(&self) -> &str {
        &self.opened.callback.as_ref().unwrap().durable_execution_arn
    }

    fn event(&self) -> Box<serde_json::value::RawValue> {
        let id = self.opened.token.expose();
        let execution = json!({"durableExecutionArn": self.arn(), "callbackName": "card"});
        direct_event(
            &json!({"service": "durable", "callbackId": id, "input": {}, "execution": execution}).to_string(),
        )
    }

    /// Opens more callbacks of the execution, so that its history has more than one page, and ends them.
    async fn more_callbacks(&self, number: usize) {
        for _ in 0..number {
            let task =
                OpenTask { execution_arn: Some(self.arn().to_owned()), ..OpenTask::new(Service::Durable) };
            let opened = self.server.state().open(task).unwrap();
            self.report(&opened.token, &Outcome::Succeeded(Output::new(&0).unwrap())).await;
        }
    }

    async fn report(&self, token: &TaskToken, outcome: &Outcome) {
        let durable = Durable::local(&self.server.url()).unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        let answer = durable.report(ReportRequest { token, outcome, permit: None, deadline }).await;
        assert!(matches!(answer, ServiceResponse::Accepted { .. }), "{answer:?}");
    }

    fn lose_answer(&self) {
        let lost = Fault::new("SendDurableExecutionCallbackSuccess", FaultKind::LostAck);
        self.server.state().inject(lost.for_task(&self.opened.fingerprint)).unwrap();
    }
}

/// Attempt 1 was accepted and its answer is lost; attempt 2 finds the callback closed.
#[tokio::test]
async fn durable_history_identifies_our_lost_report() {
    let execution = Execution::start().await;
    execution.lose_answer();
    let log = Log::default();
    let writer = log.clone();
    let guard = tracing::subscriber::set_default(taskback::log::subscriber("trace", move || writer.clone()));
    let answer = invoke(&execution.taskback(), &execution.event()).await.unwrap();
    drop(guard);
    assert_eq!((&answer["receipt"], &answer["closedBy"]), (&json!("closed"), &json!("us")));
    // No SDK adds lines to the few of ours.
    assert_hidden(&format!("{}\n\n\n\n", log.text()), [execution.opened.token.expose()]);
}

#[tokio::test]
async fn our_failure_is_found_in_durable_history() {
    async fn declined(_: Task<Value>) -> Result<(), StepError> {
        Err(StepError::terminal("CardDeclined", "the card was declined"))
    }
    let execution = Execution::start().await;
    let lost = Fault::new("SendDurableExecutionCallbackFailure", FaultKind::LostAck);
    execution.server.state().inject(lost).unwrap();
    let services = Services::local(&execution.server.url()).unwrap();
    let taskback = Taskback::builder().step(declined).services(services).ask_history(true).build().unwrap();
    let answer = invoke(&taskback, &execution.event()).await.unwrap();
    assert_eq!((&answer["receipt"], &answer["closedBy"]), (&json!("closed"), &json!("us")));
}

#[tokio::test]
async fn durable_history_is_read_over_pages() {
    let execution = Execution::start().await;
    // Other callbacks of the execution end before and after it.
    execution.more_callbacks(45).await;
    execution.lose_answer();
    let answer = invoke(&execution.taskback(), &execution.event()).await.unwrap();
    assert_eq!(answer["closedBy"], "us");
    execution.more_callbacks(45).await;
    // A worker with another ledger finds the same end.
    let answer = invoke(&execution.taskback(), &execution.event()).await.unwrap();
    assert_eq!((&answer["receipt"], &answer["closedBy"]), (&json!("closed"), &json!("us")));
}

#[tokio::test]
async fn durable_history_identifies_foreign_report() {
    for outcome in [Outcome::Succeeded(Output::new(&"other").unwrap()), Outcome::failed("Other", "")] {
        let execution = Execution::start().await;
        execution.report(&execution.opened.token, &outcome).await;
        let error = invoke(&execution.taskback(), &execution.event()).await.unwrap_err();
        assert!(error.to_string().contains("closed, not by us"), "{error}");
    }
}

#[tokio::test]
async fn stopped_execution_is_closed_by_another() {
    let execution = Execution::start().await;
    execution.server.state().cancel(&execution.opened.fingerprint).unwrap();
    let error = invoke(&execution.taskback(), &execution.event()).await.unwrap_err();
    assert!(error.to_string().contains("closed, not by us"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn hung_durable_history_call_is_retried() {
    let execution = Execution::start().await;
    execution.lose_answer();
    let hung = Fault::new("GetDurableExecutionHistory", FaultKind::Delay(Duration::from_secs(600)));
    execution.server.state().inject(hung).unwrap();
    let answer = invoke(&execution.taskback(), &execution.event()).await.unwrap();
    assert_eq!((&answer["receipt"], &answer["closedBy"]), (&json!("closed"), &json!("us")));
}

/// With pages that repeat, an unknown execution, data that is cut, or an answer of another party, nothing is proven.
#[tokio::test]
async fn unreadable_durable_history_proves_nothing() {
    const ID: &str = "x-amzn-RequestId: R\r\n";
    let page = |headers: &str, body: Value| Reply::http(200, headers, &body.to_string());
    let empty = |marker: &str| page(ID, json!({"Events": [], "NextMarker": marker}));
    let closed_headers = format!("{ID}x-amzn-ErrorType: CallbackTimeoutException\r\n");
    let closed = || Reply::http(400, &closed_headers, "{}");
    let missing = format!("{ID}x-amzn-ErrorType: ResourceNotFoundException\r\n");
    let execution = Execution::start().await;
    let end = |result: Value| {
        let id = execution.opened.token.expose();
        json!({"Events": [
            {"EventType": "CallbackSucceeded", "Id": "1", "CallbackSucceededDetails": {"Result": result}},
            {"EventType": "CallbackStarted", "Id": "1", "CallbackStartedDetails": {"CallbackId": id}},
        ]})
    };
    let whole = json!({"Payload": "\"done\""});
    for (script, closed_by) in [
        (vec![empty("a"), empty("b"), empty("a")], "unknown"),
        (vec![Reply::http(404, &missing, "{}")], "unknown"),
        (vec![page(ID, end(json!({"Payload": "\"do", "Truncated": true})))], "unknown"),
        (vec![page(ID, end(json!({})))], "unknown"),
        (vec![page("", end(whole.clone()))], "unknown"),
        (vec![page(ID, end(whole))], "us"),
    ] {
        let calls = script.len() + 1;
        let server = Wire::start([vec![closed()], script].concat()).await;
        let services = Services::default().with(Durable::local(&server.url).unwrap());
        let taskback = Taskback::builder().step(done).services(services).ask_history(true).build().unwrap();
        let answer = invoke(&taskback, &execution.event()).await.unwrap();
        assert_eq!((&answer["receipt"], &answer["closedBy"]), (&json!("closed"), &json!(closed_by)));
        assert_eq!(server.requests().len(), calls);
    }
}
