//! SQS calls that hang, are late or get a foreign response: no message becomes visible while its step runs.

use std::time::Instant;

use super::sqs::Fault;
use super::*;

/// Waits until SQS has responded to that many changes of visibility.
async fn changes(sqs: &Sqs, count: usize) {
    sqs.until(|books| books.calls_of("ChangeMessageVisibility").len() >= count).await;
}

fn receives(sqs: &Sqs) -> u32 {
    sqs.books(|books| books.messages[0].receives)
}

/// Two workers have a ledger each, so a message that became visible would run a second time.
#[tokio::test]
async fn hung_visibility_call_is_retried_in_time() {
    for fault in [Fault::Hang, Fault::Foreign, Fault::Lose] {
        let sqs = Sqs::start(bodies(1)).await;
        sqs.fault("ChangeMessageVisibility", 1, fault);
        let (rig, (mut gate, step), (mut other_gate, other_step)) = (Rig::new(), Gate::new(), Gate::new());
        let workers =
            [serve(&sqs, rig.builder().step(step)).await, serve(&sqs, rig.builder().step(other_step)).await];
        tokio::select! {
            _ = gate.began() => {}
            _ = other_gate.began() => {}
        }
        // Every successful call hides the message for 3 s more; a third of that passes before each call.
        changes(&sqs, 4).await;
        assert_eq!(receives(&sqs), 1, "{fault:?}");
        gate.open();
        other_gate.open();
        sqs.empty().await;
        for worker in workers {
            worker.end().await;
        }
        assert_eq!(receives(&sqs), 1, "{fault:?}");
        assert_eq!(rig.swf.attempts(&token(Service::Swf, "0")), 1, "{fault:?}");
    }
}

/// The 3 s of visibility timeout begin when the queue sends the message, however late its response arrives.
#[tokio::test]
async fn late_receive_shortens_the_visibility_window() {
    let sqs = Sqs::start(bodies(1)).await;
    sqs.fault("ReceiveMessage", 1, Fault::Late(Duration::from_millis(2200)));
    let (mut gate, step) = Gate::new();
    let rig = Rig::new();
    let serving = serve(&sqs, rig.builder().step(step)).await;
    gate.began().await;
    changes(&sqs, 3).await;
    assert_eq!(receives(&sqs), 1);
    gate.open();
    sqs.empty().await;
    serving.end().await;
}

#[tokio::test]
async fn possibly_visible_message_is_hidden_first() {
    let sqs = Sqs::start(bodies(1)).await;
    sqs.fault("ReceiveMessage", 1, Fault::Late(Duration::from_millis(3100)));
    sqs.refuse("ChangeMessageVisibility", 1, "ReceiptHandleIsInvalid");
    let rig = Rig::new();
    let ran = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&ran);
    let step = move |task: Task<u32>| {
        count.fetch_add(1, Ordering::SeqCst);
        at_once(task)
    };
    // With one step at a time, the message is not received again before the first delivery is settled.
    let serving = serve(&sqs, rig.builder().step(step).concurrency(1)).await;
    sqs.empty().await;
    serving.end().await;
    // The first delivery could not be hidden, so another worker might have received it.
    assert_eq!((receives(&sqs), ran.load(Ordering::SeqCst)), (2, 1));
}

#[tokio::test]
async fn hung_delete_causes_no_redelivery() {
    for fault in [Fault::Hang, Fault::Lose, Fault::Foreign] {
        let sqs = Sqs::start(bodies(12)).await;
        sqs.fault("DeleteMessageBatch", 1, fault);
        let rig = Rig::new();
        let serving = serve(&sqs, rig.builder().step(at_once)).await;
        sqs.empty().await;
        serving.end().await;
        sqs.books(|books| assert!(books.messages.iter().all(|message| message.receives == 1), "{fault:?}"));
    }
}

/// An empty queue that responds at once gets one receive per second.
#[tokio::test]
async fn unheld_receives_are_paced() {
    let sqs = Sqs::start([]).await;
    let began = Instant::now();
    let serving = serve_as(&sqs, Rig::new().builder().step(at_once), |how| QueueWorkerConfig {
        wait: Duration::ZERO,
        ..how
    })
    .await;
    sqs.until(|books| books.calls_of("ReceiveMessage").len() >= 3).await;
    assert!(began.elapsed() >= Duration::from_secs(2), "{:?}", began.elapsed());
    serving.end().await;
}
