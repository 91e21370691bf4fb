//! A dead letter whose outcome is recorded.

use taskback::{Outcome, Service};
use taskback_local::{OpenTask, TaskState};

use super::typed::Typed;
use super::world::World;
use crate::task::setup::decide;

const ALARM: &str = "DeadLettersAlarm";

pub(super) async fn dead_letter_is_listed_and_redriven(world: &World) {
    let task = world.open(OpenTask::new(Service::Swf));
    decide(&world.ledger(), &task.token, &Outcome::failed("CardDeclined", "no")).await;
    let dead = world.resource("DeadLetters");
    world.send(&dead, &task).await;
    let list = Typed::new(world, ALARM, "taskback dead-letters list --queue-url URL");
    let listed = list.with("URL", &dead).run().await;
    assert!(listed.stdout.contains(&task.fingerprint[..8]), "{}", listed.stdout);
    let redrive = Typed::new(world, ALARM, "taskback dead-letters redrive --queue-url URL --apply");
    redrive.with("URL", &dead).run().await;
    let mut worker = world.worker(&[]);
    worker.line("report.accepted").await;
    world.stop(worker).await;
    assert_eq!(world.local.state().task(&task.fingerprint).unwrap().state, TaskState::Failed);
    let count = "aws sqs get-queue-attributes --queue-url URL --attribute-names ApproximateNumberOfMessages ApproximateNumberOfMessagesNotVisible";
    let counted = Typed::new(world, ALARM, count).with("URL", dead).run().await;
    assert!(counted.stdout.contains(r#""ApproximateNumberOfMessages": "0""#), "{}", counted.stdout);
}
