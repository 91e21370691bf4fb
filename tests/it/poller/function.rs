use std::path::Path;
use std::time::Duration;

use serde_json::json;
use taskback::testing::direct_event;
use taskback_local::{Fault, FaultKind, OpenedTask, TaskState};

use super::Setup;
use crate::lambda::function;
use crate::lambda::runtime_api::RuntimeApi;
use crate::process::Process;
use crate::queue_worker::sqs::Fault as Lost;
use crate::secrets::assert_hidden;

/// The shipped function in its own environment.
fn poller(setup: &Setup, opened: &OpenedTask, api: &RuntimeApi) -> Process {
    let bin = Path::new(env!("CARGO_BIN_EXE_poller"));
    let mut command = function(bin, &api.address, &setup.server.url());
    command.envs(setup.vars(opened));
    Process::start(&mut command)
}

/// A poll starts only if a whole one fits into the remaining time.
#[tokio::test]
async fn scheduled_function_polls_while_time_remains() {
    let setup = Setup::new().await;
    let opened = setup.open("{}");
    // After this poll no time is left for another.
    let slow = Fault::new("PollForActivityTask", FaultKind::Delay(Duration::from_secs(2)));
    setup.server.state().inject(slow).unwrap();
    let mut api = RuntimeApi::start().await;
    let function = poller(&setup, &opened, &api);
    api.invoke("first", &direct_event("{}"), Duration::from_millis(91_500));
    let answer = api.answer().await;
    assert!(!answer.failed, "{answer:?} {}", function.printed());
    assert_eq!(answer.body, json!({"queued": 1, "failed": 0, "unconfirmed": 0, "lost": 0}));

    api.invoke("short", &direct_event("{}"), Duration::from_secs(60));
    let answer = api.answer().await;
    assert!(answer.failed && answer.body["errorMessage"].as_str().unwrap().contains("95 s"), "{answer:?}");
    assert_eq!(answer.body["errorType"], "NotPolled");
    assert_hidden(&format!("{}\n\n\n\n", function.printed()), [opened.token.expose()]);
}

/// Neither the queue nor SWF accepts a call about the task; the log names its workflow and activity.
#[tokio::test]
async fn lost_task_is_logged_without_token() {
    let setup = Setup::new().await;
    let opened = setup.open("{}");
    setup.sqs.refuse("SendMessage", 1, "InvalidMessageContents");
    let denied = Fault::new("RespondActivityTaskFailed", FaultKind::Refuse).times(9);
    setup.server.state().inject(denied).unwrap();
    let mut api = RuntimeApi::start().await;
    let mut function = poller(&setup, &opened, &api);
    api.invoke("first", &direct_event("{}"), Duration::from_secs(91));
    let line = function.line("poller.task_lost").await;
    let activity = opened.activity.as_ref().unwrap();
    for id in [&activity.domain, &activity.workflow_id, &activity.run_id, &activity.activity_id] {
        assert!(line.contains(id.as_str()), "{line}");
    }
    assert_eq!(api.answer().await.body["lost"], 1);
    assert_hidden(&format!("{}\n\n\n\n", function.printed()), [opened.token.expose()]);
}

/// The event that is counted and logged is the one that the template's alarm matches.
#[tokio::test]
async fn unconfirmed_send_matches_the_alarm() {
    let setup = Setup::new().await;
    let opened = setup.open("{}");
    setup.sqs.fault("SendMessage", 99, Lost::Lose);
    let mut api = RuntimeApi::start().await;
    let mut function = poller(&setup, &opened, &api);
    api.invoke("first", &direct_event("{}"), Duration::from_millis(90_300));
    let line = function.line("poller.send_unconfirmed").await;
    assert_eq!(api.answer().await.body, json!({"queued": 0, "failed": 0, "unconfirmed": 1, "lost": 0}));
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    let filters =
        include_str!("../../../template.yaml").lines().filter(|line| line.contains("FilterPattern"));
    let pattern = format!("$.event = {}", line["event"]);
    assert!(filters.clone().any(|filter| filter.contains(&pattern)), "{:?}", filters.collect::<Vec<_>>());
    for event in ["poller.task_lost", "poller.task_not_queued"] {
        assert!(filters.clone().any(|filter| filter.contains(event)), "{event}");
    }
}

#[tokio::test]
async fn first_invocation_checks_queue_before_polling() {
    let setup = Setup::new().await;
    let opened = setup.open("{}");
    setup.sqs.refuse("GetQueueAttributes", 1, "QueueDoesNotExist");
    let slow = Fault::new("PollForActivityTask", FaultKind::Delay(Duration::from_secs(2)));
    setup.server.state().inject(slow).unwrap();
    let mut api = RuntimeApi::start().await;
    let mut function = poller(&setup, &opened, &api);
    let line = function.line("taskback starts").await;
    assert!(line.contains(r#""queue":"tasks""#), "{line}");
    assert_eq!(setup.sqs.books(|books| books.calls.len()), 0, "the start calls nothing");

    api.invoke("first", &direct_event("{}"), Duration::from_millis(91_500));
    let answer = api.answer().await;
    let error = "TASKBACK_QUEUE_URL cannot be used: GetQueueAttributes: QueueDoesNotExist";
    assert_eq!((answer.failed, &answer.body["errorType"]), (true, &"NotPolled".into()), "{answer:?}");
    assert!(answer.body["errorMessage"].as_str().unwrap().contains(error), "{answer:?}");
    assert_eq!(setup.server.state().task(&opened.fingerprint).unwrap().state, TaskState::Open);

    api.invoke("second", &direct_event("{}"), Duration::from_millis(91_500));
    assert_eq!(
        api.answer().await.body,
        json!({"queued": 1, "failed": 0, "unconfirmed": 0, "lost": 0}),
        "{}",
        function.printed()
    );
}
