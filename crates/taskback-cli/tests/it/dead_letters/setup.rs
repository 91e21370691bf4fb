//! A queue of moto with its dead-letter queue, a ledger, and the command that works on both.

use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    Message, MessageAttributeValue, MessageSystemAttributeName as System, QueueAttributeName,
};
use serde_json::json;
use taskback::TaskToken;
use taskback::ledger::SqlLedger;
use tokio::time::{sleep, timeout};

use crate::python::Moto;
use crate::run::{Ran, at_aws, run};
use crate::serve::setup::MINUTE;

pub(super) struct Letters {
    pub(super) ledger: SqlLedger,
    moto: Moto,
    client: Client,
    store: String,
    dead: String,
    printed: Mutex<String>,
}

/// The message of a task.
pub(super) fn envelope(token: &TaskToken) -> String {
    json!({
        "service": "swf", "taskToken": token.expose(), "input": {},
        "execution": {"workflowId": "order-7", "activityId": "pay"},
    })
    .to_string()
}

impl Letters {
    /// `queue` is the name of the workers' queue; its dead letters are in `dead`, a FIFO queue where it is one.
    pub(super) async fn new(queue: &str) -> Self {
        let moto = Moto::start().await;
        let client = Client::new(&taskback::aws::local(&moto.url));
        let file = format!("letters-{}.db", moto.url.rsplit(':').next().unwrap());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(file);
        for end in ["", "-wal", "-shm"] {
            std::fs::remove_file(format!("{}{end}", path.display())).ok();
        }
        let ledger = SqlLedger::sqlite(&path);
        ledger.init().await.unwrap();
        let store = format!("sqlite:{}", path.display());
        let mut letters =
            Self { ledger, moto, client, store, dead: String::new(), printed: Mutex::default() };
        let end = if queue.ends_with(".fifo") { ".fifo" } else { "" };
        letters.dead = letters.create(&format!("dead{end}"), None).await;
        let arn = format!("arn:aws:sqs:us-east-1:123456789012:dead{end}");
        letters.create(queue, Some(&arn)).await;
        letters
    }

    pub(super) async fn create(&self, name: &str, dead_letters: Option<&str>) -> String {
        let mut create = self.client.create_queue().queue_name(name);
        if name.ends_with(".fifo") {
            create = create.attributes(QueueAttributeName::FifoQueue, "true");
        }
        if let Some(arn) = dead_letters {
            let policy = json!({"deadLetterTargetArn": arn, "maxReceiveCount": 3}).to_string();
            create = create.attributes(QueueAttributeName::RedrivePolicy, policy);
        }
        create.send().await.unwrap().queue_url.unwrap()
    }

    /// A queue that takes messages of 1024 bytes at most.
    pub(super) async fn create_small(&self, name: &str) -> String {
        let create = self.client.create_queue().queue_name(name);
        let create = create.attributes(QueueAttributeName::MaximumMessageSize, "1024");
        create.send().await.unwrap().queue_url.unwrap()
    }

    /// The URL of a queue, whether it exists or not.
    pub(super) fn url(&self, name: &str) -> String {
        let (start, _) = self.dead.rsplit_once('/').unwrap();
        format!("{start}/{name}")
    }

    /// Sends a dead letter; its group is the first character of its id, in a FIFO queue and in a fair one.
    pub(super) async fn send(&self, body: &str, id: &str) {
        let kind =
            MessageAttributeValue::builder().data_type("String").string_value("order").build().unwrap();
        let mut send = self.client.send_message().queue_url(&self.dead).message_body(body);
        send = send.message_attributes("kind", kind).message_group_id(&id[..1]);
        if self.dead.ends_with(".fifo") {
            send = send.message_deduplication_id(id);
        }
        send.send().await.unwrap();
    }

    /// Any command, with the queues and the ledger.
    pub(super) fn command(&self, args: &[&str]) -> Command {
        let mut command = at_aws(args, &self.moto.url);
        command.env("TASKBACK_LEDGER", &self.store);
        command
    }

    /// A ledger in moto's DynamoDB, `dynamodb:tasks`.
    pub(super) async fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        crate::serve::setup::create_table(&self.moto.url).await;
        aws_sdk_dynamodb::Client::new(&taskback::aws::local(&self.moto.url))
    }

    /// Host and port of moto.
    pub(super) fn address(&self) -> String {
        self.moto.url.trim_start_matches("http://").trim_end_matches('/').to_owned()
    }

    /// Waits until the queue has no message, visible or not.
    pub(super) async fn until_empty(&self, queue: &str) {
        let empty = async {
            while self.count(queue).await != (0, 0) {
                sleep(Duration::from_millis(100)).await;
            }
        };
        timeout(MINUTE, empty).await.expect("the queue is emptied");
    }

    pub(super) async fn run(&self, args: &[&str]) -> Ran {
        let mut command = self.command(&["dead-letters"]);
        command.args(args);
        if !args.contains(&"--queue-url") {
            command.args(["--queue-url", &self.dead]);
        }
        let mut ran = tokio::task::spawn_blocking(move || run(&mut command)).await.unwrap();
        self.printed.lock().unwrap().push_str(&format!("{}{}", ran.stdout, ran.stderr));
        // A slow machine is shown the progress.
        let is_progress = |line: &&str| line.ends_with(" received") || line.ends_with(" visible again");
        ran.stderr = ran.stderr.lines().filter(|line| !is_progress(line)).collect();
        ran
    }

    /// The messages that are visible, and those that are not.
    pub(super) async fn count(&self, queue: &str) -> (u32, u32) {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        let ask = self.client.get_queue_attributes().queue_url(self.url(queue));
        let answer = ask.set_attribute_names(Some(names.to_vec())).send().await.unwrap();
        let counts = answer.attributes.unwrap();
        let [visible, hidden] = names.map(|name| counts[&name].parse().unwrap());
        (visible, hidden)
    }

    pub(super) async fn receive(&self, queue: &str) -> Vec<Message> {
        let receive = self.client.receive_message().queue_url(self.url(queue)).max_number_of_messages(10);
        let receive = receive.message_attribute_names("All").message_system_attribute_names(System::All);
        receive.send().await.unwrap().messages.unwrap_or_default()
    }

    pub(super) fn shows_no_token(&self, tokens: &[TaskToken]) {
        let printed = self.printed.lock().unwrap();
        assert!(printed.len() > 100);
        for token in tokens {
            let chars: Vec<char> = token.expose().chars().collect();
            for part in chars.windows(16) {
                let part: String = part.iter().collect();
                assert!(!printed.contains(&part), "{part} in {printed}");
            }
        }
    }
}
