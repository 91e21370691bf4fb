//! A witness between the real code and the services that records every breach of the laws.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use taskback::testing::ScriptedService;
use taskback::{
    BoxFuture, Fingerprint, HeartbeatStatus, Outcome, Receipt, RejectedPart, ReportErrorKind, ReportRequest,
    Reporter, Service, ServiceResponse, TaskToken,
};
use taskback_core::{PriorAttempts, judge_response};
use tokio::time::{Instant, sleep};

use super::store::Store;

/// The recorded breaches.
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

/// A remote service: its caller can die before and after a report arrives.
#[derive(Clone)]
pub(super) struct Witness {
    pub(super) service: ScriptedService,
    /// `None` if decided outcomes may be forgotten.
    pub(super) store: Option<Store>,
    /// The tasks for which the process has a receipt.
    pub(super) receipts: Arc<Mutex<HashSet<Fingerprint>>>,
    pub(super) violations: Violations,
}

impl Witness {
    /// The same service for another process, without receipts.
    pub(super) fn of_process(&self) -> Self {
        Self { receipts: Arc::default(), ..self.clone() }
    }

    /// An arriving report must be the first outcome decided or its one replacement. An unrecorded outcome may
    /// arrive only during the lease under which its step ran.
    fn judge(&self, token: &TaskToken, outcome: &Outcome) {
        let Some(store) = &self.store else { return };
        let key = token.fingerprint();
        match (store.decided(&key).first(), store.leased_epoch(&key)) {
            (Some(first), _) if outcome == first || replacements(first).contains(outcome) => {}
            (Some(first), _) => {
                self.violations.add(format!("{token:?}: {outcome:?} reported where {first:?} was decided"));
            }
            (None, Some(epoch)) if claim_of(outcome).is_none_or(|claim| claim == epoch) => {}
            (None, _) => self.violations.add(format!("{token:?}: {outcome:?} reported without a lease")),
        }
    }

    /// Whether the task is closed. Tries to close it, so this is for tasks that must be closed.
    pub(super) async fn is_closed(&self, token: &TaskToken) -> bool {
        if !self.service.accepted(token).is_empty() {
            return true;
        }
        let probe = Outcome::failed("Probe", "");
        // Remaining faults may come first.
        for _ in 0..4 {
            let by = Instant::now() + Duration::from_secs(5);
            let answer =
                self.service.report(ReportRequest { token, outcome: &probe, permit: None, deadline: by });
            let Ok(answer) = tokio::time::timeout_at(by, answer).await else { continue };
            match (judge_response(token, &answer, PriorAttempts::default()), answer) {
                (Ok(Receipt::Closed { .. }), _) => return true,
                (_, ServiceResponse::Accepted { .. }) => return false,
                _ => {}
            }
        }
        false
    }
}

/// The epoch of the claim under which the step produced this outcome; `None` for an outcome that the code
/// under test produces itself.
fn claim_of(outcome: &Outcome) -> Option<u64> {
    match outcome {
        Outcome::Succeeded(output) => output.json().parse().ok(),
        Outcome::Failed { cause, .. } => cause.parse().ok(),
        Outcome::Canceled { .. } | Outcome::DelegatedTo { .. } => None,
    }
}

/// The possible replacement of a decided outcome.
pub(super) fn replacements(decided: &Outcome) -> Vec<Outcome> {
    let flaws = [RejectedPart::OutputSize, RejectedPart::OutputForm];
    flaws
        .into_iter()
        .filter_map(|rejected_part| decided.replacement(ReportErrorKind::InvalidReport(rejected_part)))
        .collect()
}

impl Reporter for Witness {
    fn service(&self) -> Service {
        self.service.service()
    }

    fn enforce_limits(&self, outcome: Outcome) -> Outcome {
        self.service.enforce_limits(outcome)
    }

    fn report<'a>(&'a self, request: ReportRequest<'a>) -> BoxFuture<'a, ServiceResponse> {
        let (token, outcome) = (request.token, request.outcome);
        Box::pin(async move {
            sleep(Duration::from_millis(3)).await;
            self.judge(token, outcome);
            let answer = self.service.report(request).await;
            sleep(Duration::from_millis(4)).await;
            if judge_response(token, &answer, PriorAttempts::default()).is_ok() {
                self.receipts.lock().unwrap().insert(token.fingerprint());
            }
            answer
        })
    }

    fn heartbeat<'a>(&'a self, token: &'a TaskToken, progress: &'a str) -> BoxFuture<'a, HeartbeatStatus> {
        if self.receipts.lock().unwrap().contains(&token.fingerprint()) {
            self.violations.add(format!("{token:?}: heartbeat after the receipt"));
        }
        Box::pin(async move {
            sleep(Duration::from_millis(3)).await;
            let answer = self.service.heartbeat(token, progress).await;
            sleep(Duration::from_millis(4)).await;
            answer
        })
    }
}
