use std::path::Path;
use std::time::Duration;

use serde_json::json;
use taskback::testing::direct_event;
use taskback_local::{Fault, FaultKind, Opened};

use super::Setup;
use crate::lambda::function;
use crate::lambda::runtime_api::RuntimeApi;
use crate::process::Process;
use crate::secrets::assert_hidden;

/// The shipped function, in an environment of its own.
fn swf_poller(setup: &Setup, opened: &Opened, api: &RuntimeApi) -> Process {
    let bin = Path::new(env!("CARGO_BIN_EXE_swf_poller"));
    let mut command = function(bin, &api.address, &setup.server.url());
    command.env("AWS_ENDPOINT_URL_SQS", &setup.sqs.url).envs(setup.vars(opened));
    Process::start(&mut command)
}

#[tokio::test]
async fn the_scheduled_function_polls_while_there_is_time_for_a_whole_poll() {
    let setup = Setup::new().await;
    let opened = setup.open("{}");
    // Once this poll is answered there is no time for another.
    let slow = Fault::new("PollForActivityTask", FaultKind::Delay(Duration::from_secs(2)));
    setup.server.state().inject(slow).unwrap();
    let mut api = RuntimeApi::start().await;
    let function = swf_poller(&setup, &opened, &api);
    api.invoke("first", &direct_event("{}"), Duration::from_millis(91_500));
    let answer = api.answer().await;
    assert!(!answer.failed, "{answer:?} {}", function.printed());
    assert_eq!(answer.body, json!({"queued": 1, "failed": 0, "lost": 0}));

    api.invoke("short", &direct_event("{}"), Duration::from_secs(60));
    let answer = api.answer().await;
    assert!(answer.failed && answer.body["errorMessage"].as_str().unwrap().contains("95 s"), "{answer:?}");
    assert_eq!(answer.body["errorType"], "NotPolled");
    assert_hidden(&format!("{}\n\n\n\n", function.printed()), [opened.token.expose()]);
}

#[tokio::test]
async fn a_task_of_which_nobody_could_be_told_is_logged_with_its_ids_and_without_its_token() {
    let setup = Setup::new().await;
    let opened = setup.open("{}");
    setup.sqs.refuse("SendMessage", 1, "InvalidMessageContents");
    let denied = Fault::new("RespondActivityTaskFailed", FaultKind::Refuse).times(9);
    setup.server.state().inject(denied).unwrap();
    let mut api = RuntimeApi::start().await;
    let mut function = swf_poller(&setup, &opened, &api);
    api.invoke("first", &direct_event("{}"), Duration::from_millis(90_300));
    let line = function.line("lost: neither queued nor failed").await;
    let activity = opened.activity.as_ref().unwrap();
    for id in [&activity.domain, &activity.workflow_id, &activity.run_id, &activity.activity_id] {
        assert!(line.contains(id.as_str()), "{line}");
    }
    assert_eq!(api.answer().await.body["lost"], 1);
    assert_hidden(&format!("{}\n\n\n\n", function.printed()), [opened.token.expose()]);
}
