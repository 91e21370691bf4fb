//! moto's SQS, for the order of FIFO queues.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use taskback::{QueueWorker, QueueWorkerConfig, Service, StepError, Task, aws};
use tokio::time::{sleep, timeout};

use super::python::Moto;
use crate::support::{MINUTE, Rig, envelope};

/// Tasks in the order in which they succeeded.
type Done = Arc<Mutex<Vec<String>>>;

async fn fifo(client: &Client) -> String {
    let create = client.create_queue().queue_name("tasks.fifo");
    let create = create.attributes(QueueAttributeName::FifoQueue, "true");
    let created = create.attributes(QueueAttributeName::VisibilityTimeout, "3").send().await.unwrap();
    created.queue_url.unwrap()
}

#[tokio::test]
async fn nacked_fifo_message_blocks_its_group() {
    let moto = Moto::start().await;
    let client = Client::new(&aws::local(&moto.url));
    let url = fifo(&client).await;
    for name in ["a1", "b1", "a2", "b2", "a3"] {
        let body = envelope(Service::Swf, name, &format!("{name:?}"));
        let send = client.send_message().queue_url(&url).message_body(body);
        send.message_group_id(&name[..1]).message_deduplication_id(name).send().await.unwrap();
    }
    let (done, fails): (Done, Done) = Default::default();
    let (finished, failed) = (Arc::clone(&done), Arc::clone(&fails));
    let step = move |task: Task<String>| {
        let (done, fails) = (Arc::clone(&finished), Arc::clone(&failed));
        async move {
            let (name, attempt) = (task.input.clone(), task.attempt());
            if name == "a1" && attempt < Some(3) {
                fails.lock().unwrap().push(name);
                return Err(StepError::retryable("not yet"));
            }
            assert_eq!(attempt, Some(if name == "a1" { 3 } else { 1 }), "{name}");
            done.lock().unwrap().push(name);
            Ok(())
        }
    };
    let rig = Rig::new();
    let taskback = rig.builder().step(step).build().unwrap();
    let shutdown = taskback.shutdown().clone();
    let how = QueueWorkerConfig { wait: Duration::from_secs(1), ..QueueWorkerConfig::new(&url) };
    let worker = tokio::spawn(QueueWorker::open(taskback, client, how).await.unwrap().run());
    let all = async {
        while done.lock().unwrap().len() < 5 {
            sleep(Duration::from_millis(10)).await;
        }
    };
    let in_time = timeout(MINUTE, all).await;
    assert!(in_time.is_ok(), "{done:?} {fails:?}");
    shutdown.end();
    timeout(MINUTE, worker).await.expect("it ends").unwrap();

    let done = done.lock().unwrap().clone();
    let of =
        |group| done.iter().filter(|name| name.starts_with(group)).map(String::as_str).collect::<Vec<_>>();
    assert_eq!((of('a'), of('b')), (vec!["a1", "a2", "a3"], vec!["b1", "b2"]));
    // The other group did not wait for the failed one.
    assert!(
        done.iter().position(|name| name == "b2") < done.iter().position(|name| name == "a1"),
        "{done:?}"
    );
    assert_eq!(fails.lock().unwrap().len(), 2);
}
