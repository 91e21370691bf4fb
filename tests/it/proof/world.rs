//! Everything that outlives a process (the queue, the services, the ledger) and its laws.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use futures_util::future::join_all;
use taskback::testing::{Fault, Message, ScriptedService, sqs_event};
use taskback::{Fingerprint, LedgerFailurePolicy, Outcome, Service};
use taskback::{Services, StepError, Task, Taskback};
use tokio::time::sleep;

use super::process::{Fate, Process};
use super::store::{Store, Trouble};
use super::witness::{Violations, Witness, replacements};
use crate::support::{envelope, token};

/// The time for an invocation: longer than any lease, so that a frozen one can be too late.
const REMAINING: Duration = Duration::from_secs(900);
/// Longer than every lease.
const LONG: Duration = Duration::from_secs(200);
/// The default time of a step, and the default time after which a further process receives the messages.
const STEP: Duration = Duration::from_millis(7);
const STAGGER: Duration = Duration::from_secs(100);
/// Enough deliveries for every scenario.
const DELIVERIES: u32 = 30;

/// The messages by name. Their steps succeed, fail once with a retryable error, and fail with a terminal
/// error.
const MESSAGES: [(Service, &str); 4] =
    [(Service::Fnf, "ok"), (Service::Swf, "retry"), (Service::Sfn, "fail"), (Service::Durable, "callback")];

/// One run of the world, from the first delivery until all messages are deleted.
#[derive(Clone, Debug, Default)]
pub(super) struct Scenario {
    pub(super) seed: u64,
    /// The faults of the first reports to each service.
    pub(super) faults: Vec<Fault>,
    pub(super) trouble: Option<Trouble>,
    pub(super) ledger: Keeping,
    /// The number of deliveries after which messages move to the dead-letter queue and its handler.
    pub(super) max_receives: Option<u32>,
    /// The fates of the processes of the first deliveries. The processes of one delivery run concurrently.
    pub(super) fates: Vec<Vec<Fate>>,
    /// The time of a step in the first process.
    pub(super) step: Option<Duration>,
    /// The delay between the starts of a delivery's processes.
    pub(super) stagger: Option<Duration>,
    /// The time between heartbeats.
    pub(super) heartbeat: Option<Duration>,
    /// Whether the workflow requests cancellation once the outcome is decided; every heartbeat then returns
    /// that.
    pub(super) cancels_decided: bool,
}

/// The reliability of the ledger, on which the law about decided outcomes depends.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Keeping {
    /// The ledger outlives the processes, and no step runs without it.
    #[default]
    Always,
    /// The ledger outlives the processes, and steps run without it while it is unreachable.
    OrWithout,
    /// Each process has its own ledger, which dies with it.
    InMemory,
}

/// The result of a run.
pub(super) struct Ran {
    pub(super) violations: Vec<String>,
    /// Whether every process met its fate. If none did, the run was undisturbed.
    pub(super) met: bool,
    /// The number of store calls.
    pub(super) calls: usize,
}

/// Runs the world until all messages are deleted.
pub(super) fn run(scenario: &Scenario) -> Ran {
    let world = World::new(scenario);
    let mut rng = Rng::with_seed(scenario.seed);
    let mut received: HashMap<&str, u32> = MESSAGES.iter().map(|(_, name)| (*name, 0)).collect();
    let mut met = true;
    for delivery in 0..DELIVERIES as usize {
        let fates = scenario.fates.get(delivery).cloned().unwrap_or_else(|| vec![Fate::Lives]);
        met &= world.live(delivery == 0, &fates, &mut received, &mut rng);
        if received.is_empty() {
            break;
        }
    }
    for name in received.keys() {
        world.violations.add(format!("{name}: unreported after {DELIVERIES} deliveries"));
    }
    world.judge();
    Ran { violations: world.violations.all(), met, calls: world.store.calls() }
}

struct World {
    store: Store,
    fnf: Witness,
    swf: Witness,
    sfn: Witness,
    durable: Witness,
    ledger: Keeping,
    max_receives: Option<u32>,
    runs: Arc<Mutex<HashMap<Fingerprint, u32>>>,
    violations: Violations,
    step: Duration,
    stagger: Duration,
    heartbeat: Option<Duration>,
    cancels_decided: bool,
}

impl World {
    fn new(scenario: &Scenario) -> Self {
        let violations = Violations::default();
        let store = Store::new(scenario.seed, scenario.trouble);
        let witness = |service| {
            let service = ScriptedService::new(service);
            service.fail_with(scenario.faults.iter().copied());
            let store = (scenario.ledger == Keeping::Always).then(|| store.clone());
            Witness { service, store, receipts: Arc::default(), violations: violations.clone() }
        };
        // The code under test draws its random numbers from the seed too.
        fastrand::seed(scenario.seed);
        Self {
            fnf: witness(Service::Fnf),
            swf: witness(Service::Swf),
            sfn: witness(Service::Sfn),
            durable: witness(Service::Durable),
            ledger: scenario.ledger,
            max_receives: scenario.max_receives,
            runs: Arc::default(),
            store,
            violations,
            step: scenario.step.unwrap_or(STEP),
            stagger: scenario.stagger.unwrap_or(STAGGER),
            heartbeat: scenario.heartbeat,
            cancels_decided: scenario.cancels_decided,
        }
    }

    /// Delivers all remaining messages to one process per fate: to the first at once, to each further one
    /// later. Returns whether each met its fate.
    fn live(&self, first: bool, fates: &[Fate], received: &mut HashMap<&str, u32>, rng: &mut Rng) -> bool {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let met = runtime.block_on(async {
            self.store.begin();
            let mut processes = Vec::new();
            for (fate, place) in fates.iter().zip(0..) {
                received.values_mut().for_each(|times| *times += 1);
                let messages: Vec<_> = MESSAGES
                    .iter()
                    .filter_map(|&(service, name)| Some((service, name, *received.get(name)?)))
                    .collect();
                processes.push(self.process(first && place == 0, messages, *fate, self.stagger * place));
            }
            let ends = join_all(processes).await;
            received.retain(|name, _| !ends.iter().any(|(deleted, _)| deleted.contains(name)));
            // Before or after the end of an abandoned lease.
            self.store.end(if rng.bool() { Duration::from_secs(1) } else { LONG });
            ends.into_iter().all(|(_, met)| met)
        });
        drop(runtime);
        met
    }

    /// The names of the messages that one process acknowledged, and whether it met its fate.
    async fn process(
        &self,
        first: bool,
        messages: Vec<(Service, &'static str, u32)>,
        fate: Fate,
        start: Duration,
    ) -> (Vec<&'static str>, bool) {
        sleep(start).await;
        let delivered = messages.iter().map(|&(service, name, times)| {
            Message::new(name, envelope(service, name, &format!("{name:?}"))).received(times)
        });
        let event = sqs_event(&delivered.collect::<Vec<_>>());
        let dead = messages.iter().any(|(_, _, times)| self.max_receives.is_some_and(|most| *times > most));
        let taskback = self.taskback(first, dead);
        let (answer, polls) =
            Process::new(async move { taskback.handle(&event, REMAINING).await }, fate).await;
        let mut deleted = Vec::new();
        if let Some(Ok(answer)) = answer {
            let kept = answer.batch_item_failures();
            let is_nack = |name: &str| kept.iter().any(|kept| kept == name);
            for (service, name, _) in messages.into_iter().filter(|(_, name, _)| !is_nack(name)) {
                if !self.witness(service).is_closed(&token(service, name)).await {
                    self.violations.add(format!("{name}: done without a receipt"));
                }
                deleted.push(name);
            }
        }
        (deleted, fate.is_met(polls))
    }

    /// The worker, or the handler of dead letters.
    fn taskback(&self, first: bool, dead: bool) -> Taskback {
        let services = Services::default().with(self.fnf.of_process()).with(self.swf.of_process());
        let services = services.with(self.sfn.of_process()).with(self.durable.of_process());
        let mut builder = Taskback::builder().services(services);
        let time = if first { self.step } else { STEP };
        let store = if first { self.store.of_first_process() } else { self.store.clone() };
        builder = if dead { builder.dead_letters() } else { builder.step(self.step(time)) };
        if let Some(most) = self.max_receives {
            builder = builder.max_receives(most);
        }
        if let Some(interval) = self.heartbeat {
            builder = builder.heartbeat(interval);
        }
        match self.ledger {
            Keeping::InMemory => {}
            Keeping::Always => builder = builder.ledger(Arc::new(store)),
            Keeping::OrWithout => {
                builder = builder.ledger(Arc::new(store)).ledger_failure(LedgerFailurePolicy::FailOpen);
            }
        }
        builder.build().unwrap()
    }

    /// The step. Its output names the claim, so that outcomes of two claims differ.
    fn step(
        &self,
        time: Duration,
    ) -> impl Fn(Task<String>) -> taskback::BoxFuture<'static, Result<u64, StepError>> + use<> {
        let (runs, violations) = (Arc::clone(&self.runs), self.violations.clone());
        let store = (self.ledger == Keeping::Always).then(|| self.store.clone());
        let cancels = self.cancels_decided.then(|| self.swf.service.clone());
        move |task| {
            let key = task.fingerprint();
            if store.as_ref().is_some_and(|store| !store.decided(&key).is_empty()) {
                violations.add(format!("{}: runs though it was decided", task.input));
            }
            let run = {
                let mut runs = runs.lock().unwrap();
                let runs = runs.entry(key).or_default();
                *runs += 1;
                *runs
            };
            let claim = task.claim().unwrap_or_default();
            let cancels = cancels.clone();
            Box::pin(async move {
                sleep(time).await;
                if let Some(service) = cancels {
                    service.request_cancellation(task.token());
                }
                match task.input.as_str() {
                    "retry" if run == 1 => Err(StepError::retryable("not yet")),
                    "fail" => Err(StepError::terminal("Declined", claim.to_string())),
                    _ => Ok(claim),
                }
            })
        }
    }

    /// The laws that hold at the end.
    fn judge(&self) {
        for (service, name) in MESSAGES {
            let task = token(service, name);
            let accepted = self.witness(service).service.accepted(&task);
            if accepted.len() > 1 {
                self.violations.add(format!("{name}: {accepted:?} were all accepted"));
            }
            let decided = self.store.decided(&task.fingerprint());
            if !is_one_decision(&decided) {
                self.violations.add(format!("{name}: {decided:?} were all decided"));
            }
        }
    }

    fn witness(&self, service: Service) -> &Witness {
        match service {
            Service::Fnf => &self.fnf,
            Service::Swf => &self.swf,
            Service::Sfn => &self.sfn,
            Service::Durable => &self.durable,
        }
    }
}

/// Whether there is one outcome, and at most its one replacement.
fn is_one_decision(decided: &[Outcome]) -> bool {
    match decided {
        [] | [_] => true,
        [first, second] => replacements(first).contains(second),
        _ => false,
    }
}
