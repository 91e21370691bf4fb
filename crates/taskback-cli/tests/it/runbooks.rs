//! Each command of docs/guides/operations.md is run as it stands there, against the local services and moto.

mod commands;
mod flows;
mod host;
mod lease;
mod letters;
mod page;
mod programs;
mod reports;
mod typed;
mod world;

use std::collections::BTreeSet;

use commands::ROWS;
use world::World;

/// What either has alone is an error.
#[test]
fn table_has_the_commands_of_the_page() {
    let page = page::commands(include_str!("../../../../docs/guides/operations.md"));
    let rows: BTreeSet<_> = ROWS.iter().map(|row| (row.section.to_owned(), row.command.to_owned())).collect();
    let unknown: Vec<_> = page.difference(&rows).collect();
    let stale: Vec<_> = rows.difference(&page).collect();
    assert!(
        unknown.is_empty() && stale.is_empty(),
        "not in the table: {unknown:#?}\nnot on the page: {stale:#?}"
    );
    assert_eq!(rows.len(), ROWS.len(), "a row stands twice");
}

/// In one test, for the stories share one stack at moto. Each continues with what an operator finds.
#[tokio::test]
async fn runbook_commands_do_as_the_page_says() {
    let world = World::new().await;
    host::stack_is_described_and_turned_off(&world).await;
    tokio::join!(stories_of_the_queue(&world), stories_beside_the_queue(&world));
    world.is_complete();
}

/// One after the other: each has a worker of its own at the one queue.
async fn stories_of_the_queue(world: &World) {
    reports::decided_task_is_found_and_reported(world).await;
    reports::closed_task_is_explained_by_its_history(world).await;
    letters::dead_letter_is_listed_and_redriven(world).await;
    lease::task_of_dead_worker_is_freed(world).await;
    reports::every_outcome_is_reported_by_hand(world).await;
    flows::failed_request_is_sent_again(world).await;
}

async fn stories_beside_the_queue(world: &World) {
    host::unqueued_task_is_ended_at_its_service(world).await;
    host::secret_is_replaced(world).await;
    host::database_is_made_checked_and_swept(world).await;
    host::template_and_events_are_tried(world).await;
}
