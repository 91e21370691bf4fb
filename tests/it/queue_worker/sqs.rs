//! An SQS queue in memory that records its calls and refuses those that a test chooses.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::support::MINUTE;
use crate::wire::server::{Reply, read};

pub(crate) struct Sqs {
    pub(crate) url: String,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    books: Mutex<Books>,
    changed: Notify,
}

#[derive(Default)]
pub(crate) struct Books {
    pub(crate) messages: Vec<Message>,
    /// Every call that got a response, with its name and request.
    pub(crate) calls: Vec<(String, Value)>,
    refusals: Vec<(&'static str, usize, &'static str)>,
    faults: Vec<(&'static str, usize, Fault)>,
}

/// The fault of a call that is not refused.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// The call has no effect and no response.
    Hang,
    /// The call takes effect, and the connection ends without a response.
    Lose,
    /// The call has no effect, and another party sends an empty success.
    Foreign,
    /// The call takes effect, and its response is that much later.
    Late(Duration),
}

pub(crate) struct Message {
    body: String,
    pub(crate) receives: u32,
    pub(crate) deleted: bool,
    invisible_until: Instant,
    /// Refusals of the message's delete: number, code, whether it is the sender's fault.
    pub(crate) undeletable: (usize, &'static str, bool),
}

impl Sqs {
    pub(crate) async fn start(bodies: impl IntoIterator<Item = String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared::default());
        let message = |body| Message {
            body,
            receives: 0,
            deleted: false,
            invisible_until: Instant::now(),
            undeletable: (0, "", false),
        };
        shared.books.lock().unwrap().messages = bodies.into_iter().map(message).collect();
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self { url, shared, accepting }
    }

    pub(crate) fn queue_url(&self) -> String {
        format!("{}/123456789012/tasks", self.url)
    }

    /// Refuses the next calls with that name.
    pub(crate) fn refuse(&self, call: &'static str, times: usize, code: &'static str) {
        self.books(|books| books.refusals.push((call, times, code)));
    }

    /// Injects a fault into the next calls with that name.
    pub(crate) fn fault(&self, call: &'static str, times: usize, fault: Fault) {
        self.books(|books| books.faults.push((call, times, fault)));
    }

    pub(crate) fn books<T>(&self, look: impl FnOnce(&mut Books) -> T) -> T {
        look(&mut self.shared.books.lock().unwrap())
    }

    /// Waits until the condition holds.
    pub(crate) async fn until(&self, is_so: impl Fn(&mut Books) -> bool) {
        let seen = async {
            loop {
                let changed = self.shared.changed.notified();
                if self.books(&is_so) {
                    return;
                }
                changed.await;
            }
        };
        assert!(timeout(MINUTE, seen).await.is_ok(), "{:?}", self.books(|books| books.calls.clone()));
    }

    pub(crate) async fn empty(&self) {
        self.until(|books| books.messages.iter().all(|message| message.deleted)).await;
    }
}

impl Books {
    pub(crate) fn calls_of(&self, name: &str) -> Vec<Value> {
        self.calls.iter().filter(|(call, _)| call == name).map(|(_, request)| request.clone()).collect()
    }

    fn fault_of(&mut self, call: &str) -> Option<Fault> {
        let fault = self.faults.iter_mut().find(|(name, times, _)| *name == call && *times > 0)?;
        fault.1 -= 1;
        Some(fault.2)
    }

    fn answer(&mut self, call: &str, request: &Value) -> Result<Value, &'static str> {
        if let Some(refusal) = self.refusals.iter_mut().find(|(name, times, _)| *name == call && *times > 0) {
            refusal.1 -= 1;
            return Err(refusal.2);
        }
        Ok(match call {
            "GetQueueAttributes" => json!({"Attributes": {"VisibilityTimeout": "3"}}),
            "ReceiveMessage" => self.receive(request),
            "ChangeMessageVisibility" => {
                let seconds = request["VisibilityTimeout"].as_u64().unwrap();
                self.of(&request["ReceiptHandle"]).invisible_until =
                    Instant::now() + Duration::from_secs(seconds);
                json!({})
            }
            "DeleteMessageBatch" => {
                let (mut done, mut failed) = (Vec::new(), Vec::new());
                for entry in request["Entries"].as_array().unwrap() {
                    let message = self.of(&entry["ReceiptHandle"]);
                    let (times, code, fault) = &mut message.undeletable;
                    if *times > 0 {
                        *times -= 1;
                        failed.push(json!({"Id": entry["Id"], "SenderFault": *fault, "Code": *code}));
                    } else {
                        message.deleted = true;
                        done.push(json!({"Id": entry["Id"]}));
                    }
                }
                json!({"Successful": done, "Failed": failed})
            }
            "SendMessage" => json!({"MessageId": "sent", "MD5OfMessageBody": "0"}),
            other => panic!("{other}"),
        })
    }

    fn receive(&mut self, request: &Value) -> Value {
        let most = usize::try_from(request["MaxNumberOfMessages"].as_u64().unwrap()).unwrap();
        let invisible = Duration::from_secs(request["VisibilityTimeout"].as_u64().unwrap());
        let now = Instant::now();
        let there = self.messages.iter_mut().enumerate();
        let visible = there.filter(|(_, message)| !message.deleted && message.invisible_until <= now);
        let messages: Vec<_> = visible
            .take(most)
            .map(|(place, message)| {
                message.receives += 1;
                let sent = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
                message.invisible_until = now + invisible;
                json!({
                    "MessageId": format!("m{place}"), "ReceiptHandle": place.to_string(), "Body": message.body,
                    "Attributes": {
                        "ApproximateReceiveCount": message.receives.to_string(),
                        "SentTimestamp": sent.to_string()
                    }
                })
            })
            .collect();
        json!({"Messages": messages})
    }

    fn of(&mut self, handle: &Value) -> &mut Message {
        &mut self.messages[handle.as_str().unwrap().parse::<usize>().unwrap()]
    }
}

impl Drop for Sqs {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        // A killed process disconnects in the middle of a request.
        tokio::spawn(async move { serve(stream, &shared).await.ok() });
    }
}

async fn serve(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    while let Some(request) = read(&mut stream).await? {
        let target = request.head.lines().find_map(|line| line.split_once("AmazonSQS."));
        let call = target.map(|(_, name)| name.trim().to_owned()).unwrap();
        let body: Value = serde_json::from_str(&request.body).unwrap();
        let fault = shared.books.lock().unwrap().fault_of(&call);
        let answer = match fault {
            Some(Fault::Hang) => return std::future::pending().await,
            Some(Fault::Foreign) => {
                let Reply::Bytes(bytes) = Reply::http(200, "", "{}") else { unreachable!() };
                stream.write_all(bytes.as_bytes()).await?;
                continue;
            }
            _ => shared.books.lock().unwrap().answer(&call, &body),
        };
        if let Some(Fault::Late(delay)) = fault {
            tokio::time::sleep(delay).await;
        }
        if answer.as_ref().is_ok_and(|answer| answer["Messages"] == json!([])) {
            // An empty queue holds the call, here only briefly so that no test waits.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let reply = match answer {
            Ok(answer) => Reply::http(200, "x-amzn-requestid: REQ-1\r\n", &answer.to_string()),
            Err(code) => Reply::http(
                400,
                "x-amzn-requestid: REQ\r\n",
                &json!({"__type": format!("com.amazonaws.sqs#{code}")}).to_string(),
            ),
        };
        shared.books.lock().unwrap().calls.push((call, body));
        shared.changed.notify_waiters();
        if let Some(Fault::Lose) = fault {
            return Ok(());
        }
        let Reply::Bytes(bytes) = reply else { unreachable!() };
        stream.write_all(bytes.as_bytes()).await?;
    }
    Ok(())
}
