//! A task whose worker was killed in its step.

use taskback::Service;
use taskback_local::{OpenTask, TaskState};
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::typed::Typed;
use super::world::World;
use crate::serve::setup::MINUTE;

const SHOW: &str = "taskback task show TASK";
const RUNBOOK: &str = "Free a task of a dead worker";

pub(super) async fn task_of_dead_worker_is_freed(world: &World) {
    let task = world.open(OpenTask::new(Service::Swf));
    let short = &task.fingerprint[..8];
    world.send(&world.resource("Tasks"), &task).await;
    // A step that never answers.
    let step = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", step.local_addr().unwrap());
    // With one task at a time no open receive of its takes the next message with it.
    let worker = world.worker(&[("TASKBACK_STEP", &url), ("TASKBACK_CONCURRENCY", "1")]);
    let called = timeout(MINUTE, step.accept()).await;
    let Ok(Ok(_connection)) = called else { panic!("the step is not called: {}", worker.printed()) };
    let pid = worker.child.id();
    let (_, printed) = worker.kill().await;
    world.session().print(&printed);

    for section in ["lease.lost", "task.held_by_other"] {
        Typed::new(world, section, SHOW).with("TASK", short).run().await;
    }
    let shown = Typed::new(world, RUNBOOK, SHOW).with("TASK", short).run().await;
    let owner = shown.stdout.split_once("owner     ").unwrap().1.split_once('#').unwrap().0;
    let (_host, found) = owner.rsplit_once(':').unwrap();
    assert_eq!(found, pid.to_string(), "{owner}");
    Typed::new(world, RUNBOOK, "ps -p PID").with("PID", found).run().await;
    Typed::new(world, RUNBOOK, "taskback task release TASK --owner-is-dead").with("TASK", short).run().await;

    // The next delivery of the message, which SQS makes when its visibility timeout is over.
    world.send(&world.resource("Tasks"), &task).await;
    let mut worker = world.worker(&[]);
    worker.line("report.accepted").await;
    world.stop(worker).await;
    assert_eq!(world.local.state().task(&task.fingerprint).unwrap().state, TaskState::Succeeded);
    Typed::new(world, "outcome.conflict", SHOW).with("TASK", short).run().await;
}
