use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::value::RawValue;
use taskback_core::{Digest, Execution, Fingerprint, Outcome, Receipt, Service, TaskToken};
use tokio::runtime;
use tokio::sync::{Notify, oneshot};
use tokio::time::{sleep, timeout};

use crate::builder::TaskbackBuilder;
use crate::future::BoxFuture;
use crate::ledger::{Claim, ClaimRequest, Claimed, Lease, Ledger, LedgerError, Memory, WriteResult};
use crate::service::Services;
use crate::step::{Step, StepError, StepOutput, Task};
use crate::taskback::Taskback;
use crate::testing::{Message, ScriptedService, sqs_event};

const MINUTE: Duration = Duration::from_secs(60);

/// A shared ledger whose decisions are not answered, the first so many of them.
struct Hanging {
    memory: Memory,
    hangs: AtomicU32,
    renewed: Notify,
}

impl Hanging {
    fn new(hangs: u32) -> Arc<Self> {
        let (memory, renewed) = (Memory::default().shared(), Notify::new());
        Arc::new(Self { memory, hangs: AtomicU32::new(hangs), renewed })
    }

    /// The time until another owner may claim the task.
    async fn held(&self, key: &Fingerprint) -> Duration {
        let (input, execution) = (Outcome::failed("", "").digest(), Execution::default());
        let request =
            ClaimRequest { owner: "another", duration: MINUTE, input: Some(input), execution: &execution };
        match self.memory.claim(key, &request).await.unwrap().claim {
            Claim::HeldByOther(remaining) => remaining,
            other => panic!("{other:?}"),
        }
    }
}

impl Ledger for Hanging {
    fn is_shared(&self) -> bool {
        true
    }

    fn claim<'a>(
        &'a self,
        key: &'a Fingerprint,
        request: &'a ClaimRequest<'a>,
    ) -> BoxFuture<'a, Result<Claimed, LedgerError>> {
        self.memory.claim(key, request)
    }

    fn renew<'a>(
        &'a self,
        key: &'a Fingerprint,
        lease: &'a Lease,
        duration: Duration,
    ) -> BoxFuture<'a, Result<WriteResult, LedgerError>> {
        let renewal = self.memory.renew(key, lease, duration);
        self.renewed.notify_one();
        renewal
    }

    fn release<'a>(
        &'a self,
        key: &'a Fingerprint,
        lease: &'a Lease,
    ) -> BoxFuture<'a, Result<(), LedgerError>> {
        self.memory.release(key, lease)
    }

    fn decide<'a>(
        &'a self,
        key: &'a Fingerprint,
        lease: &'a Lease,
        outcome: &'a Outcome,
    ) -> BoxFuture<'a, Result<WriteResult, LedgerError>> {
        if self.hangs.load(Ordering::SeqCst) > 0 {
            self.hangs.fetch_sub(1, Ordering::SeqCst);
            return Box::pin(std::future::pending());
        }
        self.memory.decide(key, lease, outcome)
    }

    fn replace<'a>(
        &'a self,
        key: &'a Fingerprint,
        decided: Digest,
        outcome: &'a Outcome,
    ) -> BoxFuture<'a, Result<WriteResult, LedgerError>> {
        self.memory.replace(key, decided, outcome)
    }

    fn mark_reported<'a>(
        &'a self,
        key: &'a Fingerprint,
        decided: Digest,
        receipt: &'a Receipt,
    ) -> BoxFuture<'a, Result<WriteResult, LedgerError>> {
        self.memory.mark_reported(key, decided, receipt)
    }
}

/// Hands the token on, and gets no answer: it fails after that time, or blocks its thread until it is let go.
struct HandsOn {
    time: Duration,
    blocks: Option<Arc<std::sync::Mutex<mpsc::Receiver<()>>>>,
}

impl Step for HandsOn {
    fn run(&self, task: Task<Box<RawValue>>) -> BoxFuture<'static, Result<StepOutput, StepError>> {
        let (time, blocks) = (self.time, self.blocks.clone());
        Box::pin(async move {
            task.begin_delegation("another".into());
            sleep(time).await;
            if let Some(blocks) = blocks {
                let _let_go = blocks.lock().unwrap().recv();
            }
            Err(StepError::retryable("no answer"))
        })
    }
}

fn token() -> TaskToken {
    TaskToken::new(Service::Swf, "t").unwrap()
}

fn builder(step: HandsOn, ledger: Arc<Hanging>, service: &ScriptedService) -> TaskbackBuilder {
    let services = Services::default().with(service.clone());
    Taskback::builder().step(step).ledger(ledger).services(services).heartbeat(Duration::from_secs(1))
}

async fn deliver(builder: TaskbackBuilder, time: Duration) {
    let taskback = builder.build().unwrap();
    let message = Message::new("m", r#"{"service":"swf","taskToken":"t","input":{}}"#);
    let response = taskback.handle(&sqs_event(&[message]), time).await.unwrap();
    assert_eq!(response.batch_item_failures(), ["m"]);
}

/// The ledger answers the decision after 12 s and more, past the time of the next renewal.
#[tokio::test(start_paused = true)]
async fn recording_delegation_continues_heartbeats_and_renewals() {
    let (service, ledger) = (ScriptedService::new(Service::Swf), Hanging::new(99));
    let step = HandsOn { time: Duration::from_secs(15), blocks: None };
    deliver(builder(step, ledger.clone(), &service), 10 * MINUTE).await;
    assert!(service.heartbeats(&token()).len() > 20, "{}", service.heartbeats(&token()).len());
    let held = ledger.held(&token().fingerprint()).await;
    assert!(held > Duration::from_secs(35), "not renewed: {held:?}");
}

/// A step that cannot be stopped and may have handed its token on: no other owner may run beside it. It blocks a thread
/// of a runtime for steps only: on the runtime of the rest, that thread may hold the task that was just woken.
#[tokio::test]
async fn lingering_step_keeps_claim_after_delegation() {
    let (service, ledger) = (ScriptedService::new(Service::Swf), Hanging::new(99));
    let (let_go, blocks) = mpsc::channel();
    let blocks = Some(Arc::new(std::sync::Mutex::new(blocks)));
    let step = HandsOn { time: Duration::ZERO, blocks };
    let steps = runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let handle = steps.handle().clone();
    let (finish, finished) = oneshot::channel::<()>();
    let thread = thread::spawn(move || steps.block_on(finished));
    let builder = builder(step, ledger.clone(), &service).steps_on(handle);
    deliver(builder, Duration::from_secs(1)).await;
    timeout(MINUTE / 6, ledger.renewed.notified()).await.expect("the claim is renewed");
    let held = ledger.held(&token().fingerprint()).await;
    assert!(held > Duration::from_secs(30), "{held:?}");
    drop(let_go);
    drop(finish);
    thread.join().unwrap().unwrap_err();
}
