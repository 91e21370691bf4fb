//! Stands between the real code and the services, and swears to what it saw.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use taskback::core::{Answer, Earlier, ErrorKind, Flaw, Outcome, Receipt, Service, TaskToken, read};
use taskback::testing::ScriptedService;
use taskback::{Beat, BoxFuture, Reporter, Slot};
use tokio::time::{Instant, sleep};

use super::store::Store;

/// What was seen that must never be.
#[derive(Clone, Default)]
pub(super) struct Violations(Arc<Mutex<Vec<String>>>);

impl Violations {
    pub(super) fn add(&self, violation: impl Into<String>) {
        self.0.lock().unwrap().push(violation.into());
    }

    pub(super) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// A service that is a way off, so that its caller can die before and after a report arrives.
#[derive(Clone)]
pub(super) struct Witness {
    pub(super) service: ScriptedService,
    /// Absent where what was decided may be forgotten.
    pub(super) store: Option<Store>,
    pub(super) violations: Violations,
}

impl Witness {
    /// An arriving report must be what was decided first, or its one replacement. Only where the
    /// ledger was out of reach it may be undecided.
    fn judge(&self, token: &TaskToken, outcome: &Outcome) {
        let Some(store) = &self.store else { return };
        match store.decided(&token.fingerprint()).first() {
            Some(first) if outcome == first || replacements(first).contains(outcome) => {}
            Some(first) => {
                self.violations.add(format!("{token:?}: {outcome:?} told where {first:?} was decided"));
            }
            None if store.was_out_of_reach() => {}
            None => self.violations.add(format!("{token:?}: {outcome:?} told before it was decided")),
        }
    }

    /// Asks whether the task is closed by trying to close it: for tasks that must be.
    pub(super) async fn is_closed(&self, token: &TaskToken) -> bool {
        if !self.service.accepted(token).is_empty() {
            return true;
        }
        let probe = Outcome::failed("Probe", "");
        // Faults that are left over may come first.
        for _ in 0..4 {
            let by = Instant::now() + Duration::from_secs(5);
            let answer = self.service.report(token, &probe, None, by);
            let Ok(answer) = tokio::time::timeout_at(by, answer).await else { continue };
            match (read(token, &answer, Earlier::default()), answer) {
                (Ok(Receipt::Closed { .. }), _) => return true,
                (_, Answer::Accepted { .. }) => return false,
                _ => {}
            }
        }
        false
    }
}

/// What may stand in the place of a decided outcome.
pub(super) fn replacements(decided: &Outcome) -> Vec<Outcome> {
    let flaws = [Flaw::OutputSize, Flaw::OutputForm];
    flaws.into_iter().filter_map(|flaw| decided.replacement(ErrorKind::InvalidReport(flaw))).collect()
}

impl Reporter for Witness {
    fn service(&self) -> Service {
        self.service.service()
    }

    fn fit(&self, outcome: Outcome) -> Outcome {
        self.service.fit(outcome)
    }

    fn report<'a>(
        &'a self,
        token: &'a TaskToken,
        outcome: &'a Outcome,
        slot: Option<Slot>,
        by: Instant,
    ) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            sleep(Duration::from_millis(3)).await;
            self.judge(token, outcome);
            let answer = self.service.report(token, outcome, slot, by).await;
            sleep(Duration::from_millis(4)).await;
            answer
        })
    }

    fn heartbeat<'a>(&'a self, token: &'a TaskToken, progress: &'a str) -> BoxFuture<'a, Beat> {
        self.service.heartbeat(token, progress)
    }
}
