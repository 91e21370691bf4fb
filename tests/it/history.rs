//! Who closed an SWF task: the workflow's history settles it, where the message names the task.

use serde_json::{Value, json};
use taskback::core::Service;
use taskback::settings::LateTasks;
use taskback::testing::direct_event;
use taskback::{Services, StepError, Task, Taskback};
use taskback_local::{Config, Fault, FaultKind, OpenTask, Opened, Server};

use crate::support::invoke;

async fn done(_: Task<Value>) -> Result<&'static str, StepError> {
    Ok("done")
}

struct Setup {
    server: Server,
    opened: Opened,
    taskback: Taskback,
}

async fn setup(ask: bool) -> Setup {
    let server = Server::bind(Config::default()).await.unwrap();
    let opened = server.state().open(OpenTask::new(Service::Swf)).unwrap();
    let builder = Taskback::builder().step(done).services(Services::local(&server.url()).unwrap());
    let taskback = builder.ask_history(ask).late(LateTasks::Keep).build().unwrap();
    Setup { server, opened, taskback }
}

impl Setup {
    fn event(&self) -> Box<serde_json::value::RawValue> {
        let activity = self.opened.activity.as_ref().unwrap();
        let envelope = json!({
            "service": "swf", "taskToken": self.opened.token.expose(), "input": {},
            "execution": {
                "domain": activity.domain, "workflowId": activity.workflow_id, "runId": activity.run_id,
                "activityId": activity.activity_id, "startedEventId": activity.started_event_id
            }
        });
        direct_event(&envelope.to_string())
    }
}

#[tokio::test]
async fn a_lost_answer_is_known_to_be_ours_once_the_history_is_asked() {
    for (ask, ours) in [(false, "likely"), (true, "known")] {
        let setup = setup(ask).await;
        setup.server.state().inject(Fault::new("RespondActivityTaskCompleted", FaultKind::LostAck)).unwrap();
        let answer = invoke(&setup.taskback, &setup.event()).await.unwrap();
        assert_eq!((&answer["receipt"], &answer["ours"]), (&json!("closed"), &json!(ours)));
    }
}

#[tokio::test]
async fn what_somebody_else_told_is_known_not_to_be_ours() {
    async fn other(_: Task<Value>) -> Result<(), StepError> {
        Err(StepError::terminal("Other", "told by somebody else"))
    }
    let setup = setup(true).await;
    let services = Services::local(&setup.server.url()).unwrap();
    let somebody = Taskback::builder().step(other).services(services).build().unwrap();
    invoke(&somebody, &setup.event()).await.unwrap();

    let error = invoke(&setup.taskback, &setup.event()).await.unwrap_err();
    assert!(error.to_string().contains("closed, not by us"), "{error}");
}
