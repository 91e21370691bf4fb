//! Real processes: the worker under load and faults, killed at random moments and restarted, on any ledger.

use std::path::Path;
use std::time::{Duration, Instant};

use fastrand::Rng;
use serde_json::json;
use taskback::testing::{Message, sqs_event};
use taskback::{Service, TaskToken};
use taskback_local::{Config, Fault, FaultKind, OpenTask, Server, TaskState};

use crate::lambda::function;
use crate::lambda::runtime_api::{RuntimeApi, ServiceResponse};
use crate::process::Process;

/// The time after which the queue delivers again.
const REDELIVERY: Duration = Duration::from_millis(100);

/// A queue with one message per task, redelivered until it is acknowledged.
struct Queue(Vec<Queued>);

struct Queued {
    token: TaskToken,
    valid: bool,
    receives: u32,
    done: bool,
}

impl Queue {
    fn open(server: &Server) -> Self {
        let services = [Service::Swf, Service::Swf, Service::Swf, Service::Fnf];
        let queued = services.into_iter().cycle().take(48).enumerate().map(|(n, service)| Queued {
            token: server.state().open(OpenTask::new(service)).unwrap().token,
            valid: n % 3 > 0,
            receives: 0,
            done: false,
        });
        Self(queued.collect())
    }

    /// The indexes of all messages that are not acknowledged, in batches of eight. Each is delivered to both workers, as a
    /// queue may.
    fn deliver(&mut self, apis: [&RuntimeApi; 2]) -> Vec<Vec<usize>> {
        let waiting: Vec<_> = (0..self.0.len()).filter(|place| !self.0[*place].done).collect();
        let batches: Vec<_> = waiting.chunks(8).map(<[usize]>::to_vec).collect();
        for (id, batch) in batches.iter().enumerate() {
            let messages: Vec<_> = batch.iter().map(|place| self.message(*place)).collect();
            for api in apis {
                api.invoke(&id.to_string(), &sqs_event(&messages), Duration::from_secs(4));
            }
        }
        batches
    }

    fn message(&mut self, place: usize) -> Message {
        let queued = &mut self.0[place];
        queued.receives += 1;
        let number = if queued.valid { "4111 1111 1111 1111" } else { "4111 1111 1111 1112" };
        let body = json!({
            "service": queued.token.service().name(), "taskToken": queued.token.expose(),
            "input": {"cardNumber": number}
        });
        Message::new(place.to_string(), body.to_string()).received(queued.receives)
    }

    fn settle(&mut self, batches: &[Vec<usize>], answer: &ServiceResponse) {
        assert!(!answer.failed, "{answer:?}");
        let failures = answer.body["batchItemFailures"].as_array().unwrap();
        for place in &batches[answer.id.parse::<usize>().unwrap()] {
            let kept =
                failures.iter().any(|failure| failure["itemIdentifier"].as_str() == Some(&place.to_string()));
            self.0[*place].done |= !kept;
        }
    }

    fn is_done(&self) -> bool {
        self.0.iter().all(|queued| queued.done)
    }
}

fn reports(server: &Server) -> usize {
    server.state().tasks().iter().map(|task| task.reports.len()).sum()
}

/// Returns once that many reports have arrived.
async fn reached(server: &Server, reports_then: usize) {
    while reports(server) < reports_then {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn make_trouble(server: &Server, rng: &mut Rng) {
    for kind in
        [FaultKind::Throttle, FaultKind::Error500, FaultKind::LostAck, FaultKind::Cut, FaultKind::Html502]
    {
        for operation in ["RespondActivityTaskCompleted", "RespondActivityTaskFailed", "ReportTaskSucceeded"]
        {
            server.state().inject(Fault::new(operation, kind).times(rng.u32(1..3))).unwrap();
        }
    }
}

/// Runs two workers at a time with these variables, both with every message, kills the first eight pairs at random
/// moments, and checks that every task has one outcome.
pub(crate) async fn workers_leave_one_outcome_per_task(vars: &[(&str, &str)], seed: u64) {
    let mut rng = Rng::with_seed(seed);
    let server = Server::bind(Config::default()).await.unwrap();
    let mut queue = Queue::open(&server);
    make_trouble(&server, &mut rng);
    let (mut lives, begun) = (0, Instant::now());
    while !queue.is_done() {
        // By the time and not by the lives, which are short where every lease is a killed worker's.
        assert!(begun.elapsed() < Duration::from_secs(90), "the queue is never empty");
        if lives > 0 {
            tokio::time::sleep(REDELIVERY).await;
        }
        lives += 1;
        let (mut api, mut other) = (RuntimeApi::start().await, RuntimeApi::start().await);
        let workers = [&api, &other].map(|api| {
            let mut command = function(Path::new(env!("CARGO_BIN_EXE_worker")), &api.address, &server.url());
            command.envs(vars.iter().copied()).env("RUST_LOG", "info");
            Process::start(&mut command)
        });
        let batches = queue.deliver([&api, &other]);
        // The first eight are killed; later ones may finish.
        let fatal = if lives <= 8 { reports(&server) + rng.usize(1..9) } else { usize::MAX };
        for _ in 0..2 * batches.len() {
            tokio::select! {
                answer = api.answer() => queue.settle(&batches, &answer),
                answer = other.answer() => queue.settle(&batches, &answer),
                () = reached(&server, fatal) => break,
            }
        }
        drop(workers);
    }
    assert!(lives > 8, "only {lives} pairs of workers were needed");
    for queued in &queue.0 {
        let task = server.state().task(&queued.token.fingerprint().hex()).unwrap();
        let taken = task.reports.iter().filter(|report| report.accepted).count();
        let expected = if queued.valid { TaskState::Succeeded } else { TaskState::Failed };
        assert_eq!((taken, task.state), (1, expected), "{:?}", task.reports);
    }
}
