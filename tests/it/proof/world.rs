//! All that outlives a process: the queue, the services, the ledger; and the laws of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use futures_util::future::join_all;
use taskback::core::{Fingerprint, Outcome, Service};
use taskback::settings::LedgerDown;
use taskback::testing::{Fault, Message, ScriptedService, sqs_event};
use taskback::{Services, StepError, Task, Taskback};
use tokio::time::sleep;

use super::process::{Fate, Process};
use super::store::{Store, Trouble};
use super::witness::{Violations, Witness, replacements};
use crate::support::{envelope, token};

/// The time of an invocation: longer than any lease, so that a frozen one can come too late.
const REMAINING: Duration = Duration::from_secs(900);
/// Beyond every lease.
const LONG: Duration = Duration::from_secs(200);
/// So many deliveries are enough for everything that goes wrong here.
const DELIVERIES: u32 = 30;

/// The messages by name and what their steps do: succeed, fail once in a way that may be tried
/// again, fail for good.
const MESSAGES: [(Service, &str); 3] =
    [(Service::Fnf, "ok"), (Service::Swf, "retry"), (Service::Fnf, "fail")];

/// One run of the world, from the first delivery until every message is gone.
#[derive(Clone, Debug, Default)]
pub(super) struct Scenario {
    pub(super) seed: u64,
    /// What the first reports to either service meet.
    pub(super) faults: Vec<Fault>,
    pub(super) trouble: Option<Trouble>,
    pub(super) ledger: Keeping,
    /// After so many deliveries the messages go to the dead-letter queue and its handler.
    pub(super) max_receives: Option<u32>,
    /// The processes of the first deliveries, all those of one delivery side by side.
    pub(super) fates: Vec<Vec<Fate>>,
}

/// How far the ledger can be relied on, and with it the law that what was decided stays.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Keeping {
    /// It outlives the processes, and nothing runs without it.
    #[default]
    Always,
    /// It outlives them, and steps run without it where it is out of reach.
    OrWithout,
    /// It is each process's own and dies with it.
    InMemory,
}

/// What came of it.
pub(super) struct Ran {
    pub(super) violations: Vec<String>,
    /// Whether every process met its fate; where none does the run was as if undisturbed.
    pub(super) met: bool,
    /// The calls of the store.
    pub(super) calls: usize,
}

/// Runs the world until every message is gone.
pub(super) fn run(scenario: &Scenario) -> Ran {
    let world = World::new(scenario);
    let mut rng = Rng::with_seed(scenario.seed);
    let mut received: HashMap<&str, u32> = MESSAGES.iter().map(|(_, name)| (*name, 0)).collect();
    let mut met = true;
    for delivery in 0..DELIVERIES as usize {
        let fates = scenario.fates.get(delivery).cloned().unwrap_or_else(|| vec![Fate::Lives]);
        met &= world.live(&fates, &mut received, &mut rng);
        if received.is_empty() {
            break;
        }
    }
    for name in received.keys() {
        world.violations.add(format!("{name}: untold after {DELIVERIES} deliveries"));
    }
    world.judge();
    Ran { violations: world.violations.all(), met, calls: world.store.calls() }
}

struct World {
    store: Store,
    fnf: Witness,
    swf: Witness,
    ledger: Keeping,
    max_receives: Option<u32>,
    runs: Arc<Mutex<HashMap<Fingerprint, u32>>>,
    violations: Violations,
}

impl World {
    fn new(scenario: &Scenario) -> Self {
        let violations = Violations::default();
        let store = Store::new(scenario.seed, scenario.trouble);
        let witness = |service| {
            let service = ScriptedService::new(service);
            service.fail_with(scenario.faults.iter().copied());
            let store = (scenario.ledger == Keeping::Always).then(|| store.clone());
            Witness { service, store, violations: violations.clone() }
        };
        // What the code under test draws is drawn from the seed too.
        fastrand::seed(scenario.seed);
        Self {
            fnf: witness(Service::Fnf),
            swf: witness(Service::Swf),
            ledger: scenario.ledger,
            max_receives: scenario.max_receives,
            runs: Arc::default(),
            store,
            violations,
        }
    }

    /// One delivery of all messages that are left, to as many processes as there are fates: the
    /// first at once, each further one when the leases of before are over. Says whether each met
    /// its fate.
    fn live(&self, fates: &[Fate], received: &mut HashMap<&str, u32>, rng: &mut Rng) -> bool {
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
                processes.push(self.process(messages, *fate, LONG / 2 * place));
            }
            let ends = join_all(processes).await;
            received.retain(|name, _| !ends.iter().any(|(deleted, _)| deleted.contains(name)));
            // Too early for a lease that is left behind, or late enough.
            self.store.end(if rng.bool() { Duration::from_secs(1) } else { LONG });
            ends.into_iter().all(|(_, met)| met)
        });
        drop(runtime);
        met
    }

    /// The names of the messages that one process lets the queue delete, and whether it met its
    /// fate.
    async fn process(
        &self,
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
        let taskback = self.taskback(dead);
        let (answer, polls) =
            Process::new(async move { taskback.handle(&event, REMAINING).await }, fate).await;
        let mut deleted = Vec::new();
        if let Some(Ok(answer)) = answer {
            let kept: Vec<_> = answer["batchItemFailures"].as_array().unwrap().iter().collect();
            let is_kept = |name: &str| kept.iter().any(|kept| kept["itemIdentifier"] == name);
            for (service, name, _) in messages.into_iter().filter(|(_, name, _)| !is_kept(name)) {
                if !self.witness(service).is_closed(&token(service, name)).await {
                    self.violations.add(format!("{name}: done without a receipt"));
                }
                deleted.push(name);
            }
        }
        (deleted, fate.is_met(polls))
    }

    /// The worker, or the handler of dead letters.
    fn taskback(&self, dead: bool) -> Taskback {
        let services = Services::default().with(self.fnf.clone()).with(self.swf.clone());
        let mut builder = Taskback::builder().services(services);
        builder = if dead { builder.dead_letters() } else { builder.step(self.step()) };
        if let Some(most) = self.max_receives {
            builder = builder.max_receives(most);
        }
        match self.ledger {
            Keeping::InMemory => {}
            Keeping::Always => builder = builder.ledger(Arc::new(self.store.clone())),
            Keeping::OrWithout => {
                builder = builder.ledger(Arc::new(self.store.clone())).ledger_down(LedgerDown::Open);
            }
        }
        builder.build().unwrap()
    }

    /// Its output names the run, so that a second one cannot pass for the first.
    fn step(&self) -> impl Fn(Task<String>) -> taskback::BoxFuture<'static, Result<u32, StepError>> + use<> {
        let (runs, violations) = (Arc::clone(&self.runs), self.violations.clone());
        let store = (self.ledger == Keeping::Always).then(|| self.store.clone());
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
            Box::pin(async move {
                sleep(Duration::from_millis(7)).await;
                match task.input.as_str() {
                    "retry" if run == 1 => Err(StepError::retryable("not yet")),
                    "fail" => Err(StepError::terminal("Declined", format!("run {run}"))),
                    _ => Ok(run),
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
        }
    }
}

/// One outcome, and at most the one that may replace it.
fn is_one_decision(decided: &[Outcome]) -> bool {
    match decided {
        [] | [_] => true,
        [first, second] => replacements(first).contains(second),
        _ => false,
    }
}
