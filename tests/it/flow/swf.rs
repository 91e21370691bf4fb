//! StartFlow with an SWF token: the step waits, and the end of the child execution is the outcome.

use aliyun_fnf::StopExecution;
use taskback::fnf_flow::StartFlow;
use taskback::{Service, Services, Taskback};
use taskback_local::{OpenTask, OpenedTask, ReportedOutcome, TaskState};

use super::*;

/// The end of the child execution while the step waits.
#[derive(Clone, Copy, Debug)]
enum End {
    Well,
    Badly,
    Stopped,
    TimedOut,
}

struct Delegation {
    flows: Flows,
    task: OpenedTask,
}

impl Delegation {
    async fn new() -> Self {
        let flows = Flows::new().await;
        flows.waiting("child", 20).await;
        let task = flows.server.state().open(OpenTask::new(Service::Swf)).unwrap();
        Self { flows, task }
    }

    fn taskback(&self) -> Taskback {
        let services = Services::local(&self.flows.server.url()).unwrap();
        let step = StartFlow::new(client(&self.flows.server.url()), "child");
        let builder = Taskback::builder().step(step).services(services);
        builder.heartbeat(Duration::from_millis(200)).build().unwrap()
    }

    fn name(&self) -> String {
        format!("tb-{}", self.task.fingerprint)
    }

    async fn handle(&self, time: Duration) -> Result<Value, InvocationError> {
        let body = json!({"service": "swf", "taskToken": self.task.token.expose(), "input": {"n": 1}});
        let response = self.taskback().handle(&direct_event(&body.to_string()), time).await;
        response.map(|response| value(&response))
    }

    async fn end(&self, how: End) {
        match how {
            End::Well => self.flows.succeed("child", &json!({"n": 2})).await,
            End::Badly => self.flows.fail("child", "Declined", "over the limit").await,
            End::Stopped => {
                self.flows.received("child").await;
                let stop = StopExecution::new("child", self.name()).error("Sold").cause("no stock");
                self.flows.fnf.call(stop).await.unwrap();
            }
            End::TimedOut => {}
        }
    }

    fn state(&self) -> (TaskState, Option<ReportedOutcome>) {
        let task = self.flows.server.state().task(&self.task.fingerprint).unwrap();
        (task.state, task.outcome)
    }
}

fn failed(error: &str, cause: &str) -> (TaskState, Option<ReportedOutcome>) {
    let outcome = ReportedOutcome::Failed { error: Some(error.into()), cause: Some(cause.into()) };
    (TaskState::Failed, Some(outcome))
}

fn succeeded() -> (TaskState, Option<ReportedOutcome>) {
    (TaskState::Succeeded, Some(ReportedOutcome::Succeeded { output: Some(r#"{"n":2}"#.into()) }))
}

#[tokio::test]
async fn delegated_task_ends_like_its_flow() {
    for (end, expected) in [
        (End::Well, succeeded()),
        (End::Badly, failed("Declined", "over the limit")),
        (End::Stopped, failed("Sold", "no stock")),
    ] {
        let delegation = Delegation::new().await;
        let (answer, ()) = tokio::join!(delegation.handle(MINUTE), delegation.end(end));
        assert_eq!(answer.unwrap()["receipt"], "recorded", "{end:?}");
        assert_eq!(delegation.state(), expected, "{end:?}");
        assert_eq!(delegation.flows.executions("child").await.len(), 1, "{end:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn child_timeout_fails_the_task() {
    let delegation = Delegation::new().await;
    let (answer, ()) = tokio::join!(delegation.handle(MINUTE), delegation.end(End::TimedOut));
    assert_eq!(answer.unwrap()["error"], "FnF.TaskTimeout");
    assert_eq!(delegation.state(), failed("FnF.TaskTimeout", "The task was not reported in time."));
    let task = delegation.flows.server.state().task(&delegation.task.fingerprint).unwrap();
    assert!(task.heartbeats > 10, "{} heartbeats while it waited", task.heartbeats);
    let progress = format!("waits for execution child/{}", delegation.name());
    assert_eq!(task.progress.as_deref(), Some(&*progress));
}

#[tokio::test(start_paused = true)]
async fn redelivery_finds_the_running_child() {
    let delegation = Delegation::new().await;
    for _ in 0..2 {
        let kept = delegation.handle(Duration::from_secs(5)).await.unwrap_err();
        assert!(kept.to_string().contains("the step asked for another delivery"), "{kept}");
        assert_eq!(delegation.state().0, TaskState::Open);
    }
    let (answer, ()) = tokio::join!(delegation.handle(MINUTE), delegation.end(End::Well));
    assert_eq!(answer.unwrap()["receipt"], "recorded");
    assert_eq!(delegation.state(), succeeded());
    assert_eq!(delegation.flows.executions("child").await.len(), 1);
}

#[tokio::test]
async fn redelivery_reports_ended_child_at_once() {
    let delegation = Delegation::new().await;
    delegation.flows.fault("RespondActivityTaskCompleted", FaultKind::Refuse);
    let (answer, ()) = tokio::join!(delegation.handle(MINUTE), delegation.end(End::Well));
    assert!(answer.is_err(), "the report was refused");
    assert_eq!(delegation.handle(MINUTE).await.unwrap()["receipt"], "recorded");
    assert_eq!(delegation.state(), succeeded());
}

#[tokio::test]
async fn task_cancellation_stops_the_child() {
    let delegation = Delegation::new().await;
    let cancel = async {
        delegation.flows.received("child").await;
        delegation.flows.server.state().cancel(&delegation.task.fingerprint).unwrap();
    };
    let (answer, ()) = tokio::join!(delegation.handle(MINUTE), cancel);
    let details = format!("execution {} was stopped", delegation.name());
    assert_eq!(answer.unwrap()["details"], details);
    assert_eq!(
        delegation.state(),
        (TaskState::Canceled, Some(ReportedOutcome::Canceled { details: Some(details) }))
    );
    assert_eq!(delegation.flows.status("child", &delegation.name()).await, "Stopped");
}

/// The cancellation arrives before the response to the start.
#[tokio::test]
async fn early_cancellation_leaves_nothing_running() {
    let delegation = Delegation::new().await;
    delegation.flows.fault("StartExecution", FaultKind::Delay(Duration::from_secs(30)));
    let cancel = async {
        delegation.flows.received("child").await;
        delegation.flows.server.state().cancel(&delegation.task.fingerprint).unwrap();
    };
    let (answer, ()) = tokio::join!(delegation.handle(MINUTE), cancel);
    assert_eq!(answer.unwrap()["outcome"], "canceled");
    assert_eq!(delegation.flows.status("child", &delegation.name()).await, "Stopped");
}

#[tokio::test]
async fn child_end_wins_over_cancellation() {
    let delegation = Delegation::new().await;
    // No waiting call returns the end before the cancellation arrives.
    delegation.flows.fault("DescribeExecution", FaultKind::Delay(Duration::from_secs(30)));
    let end = async {
        delegation.end(End::Well).await;
        delegation.flows.server.state().cancel(&delegation.task.fingerprint).unwrap();
    };
    let (answer, ()) = tokio::join!(delegation.handle(MINUTE), end);
    assert_eq!(answer.unwrap()["outcome"], "succeeded");
    assert_eq!(delegation.state(), succeeded());
}
