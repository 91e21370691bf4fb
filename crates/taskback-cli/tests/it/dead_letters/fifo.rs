//! FIFO queues: groups stay in order.

use super::setup::{Letters, envelope};
use super::token;

#[tokio::test]
async fn groups_stay_in_order() {
    let letters = Letters::new("tasks.fifo").await;
    crate::task::setup::claim(&letters.ledger, &token("b1")).await;
    for name in ["a1", "b1", "a2", "b2", "a3"] {
        letters.send(&envelope(&token(name)), name).await;
    }
    let ran = letters.run(&["redrive", "--apply"]).await;
    assert_eq!((ran.code, &*ran.stderr), (0, ""), "{}", ran.stdout);
    assert!(ran.stdout.contains("3 moved to "), "{}", ran.stdout);
    // A worker runs the first of its group, so those behind it wait.
    assert!(ran.stdout.contains("nothing now: an earlier message of its group stays"), "{}", ran.stdout);
    let moved = letters.receive("tasks.fifo").await;
    let bodies: Vec<_> = moved.iter().map(|message| message.body().unwrap().to_owned()).collect();
    assert_eq!(bodies, ["a1", "a2", "a3"].map(|name| envelope(&token(name))));
}

/// A start that nothing can name stays, and so does what its sender sent later.
#[tokio::test]
async fn start_that_stays_holds_its_group() {
    let letters = Letters::new("tasks.fifo").await;
    // With two sources the first queue of a message is unknown.
    letters.create("other.fifo", Some("arn:aws:sqs:us-east-1:123456789012:dead.fifo")).await;
    letters.send(super::START, "a1").await;
    for name in ["a2", "b1"] {
        letters.send(&envelope(&token(name)), name).await;
    }
    let ran = letters.run(&["redrive", "--apply", "--to", &letters.url("tasks.fifo")]).await;
    assert_eq!((ran.code, &*ran.stderr), (0, ""), "{}", ran.stdout);
    assert!(ran.stdout.contains("could start the flow twice"), "{}", ran.stdout);
    assert!(ran.stdout.contains("1 moved to "), "{}", ran.stdout);
    let moved = letters.receive("tasks.fifo").await;
    assert_eq!(moved[0].body(), Some(&*envelope(&token("b1"))));
}
