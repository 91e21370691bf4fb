//! One owner and its delivery: claim, step, decide, report, receipt.

use super::{Breach, DELIVERIES, Turn, Variant};
use crate::proof::model::state::{At, DEAD_LETTERS, Entry, Lease, Message, Outcome, Service, State};

impl Turn {
    pub(super) fn owner(&mut self) {
        let at = self.state.owners[self.owner].at;
        if at != At::Idle && self.state.mishaps_left > 0 {
            self.can("crashes", self.mishap().with(self.owner, At::Idle));
        }
        match at {
            At::Idle => self.receive(),
            At::Claiming => self.claim(),
            At::Running { lease, claim } => self.run(lease, claim),
            At::Deciding { lease, claim, outcome } => self.decide(lease, claim, outcome),
            At::Releasing { lease, closed } => self.release(lease, closed),
            At::Reporting { outcome, remembered, lease } => self.report(outcome, remembered, lease),
            At::Replacing { outcome, lease } => self.replace(outcome, lease),
            At::Remembering { outcome } => self.remember(outcome),
            At::Deleting => self.delete(),
        }
    }

    fn receive(&mut self) {
        let dead = self.owner == DEAD_LETTERS;
        let mut after = self.state;
        match self.state.message {
            Message::Queued { visible: true, received } if !dead && received < DELIVERIES => {
                after.message = Message::Queued { visible: false, received: received + 1 };
                after.owners[self.owner].last = received + 1 == DELIVERIES;
            }
            Message::Dead { visible: true } if dead && !self.is(Variant::DeadLettersAreUnread) => {
                after.message = Message::Dead { visible: false };
            }
            _ => return,
        }
        self.can("receives the message", after.with(self.owner, At::Claiming));
    }

    fn claim(&mut self) {
        if self.rules.ledger_faults {
            self.goes("does not reach the ledger: kept", At::Idle);
        }
        let dead = self.owner == DEAD_LETTERS;
        match self.state.record.entry {
            Entry::Absent => self.grant(None),
            Entry::Running { owner, live: false } => self.grant(Some(owner)),
            Entry::Running { owner, live: true } if dead && self.is(Variant::DeadLetterIgnoresLease) => {
                self.grant(Some(owner));
            }
            Entry::Running { live: true, .. } => self.goes("finds another running: kept", At::Idle),
            Entry::Decided { by, .. } if self.is(Variant::ClaimIgnoresDecision) => self.grant(Some(by.owner)),
            Entry::Decided { outcome, .. } => {
                let lease = Lease { owner: 0, epoch: 0 };
                self.goes("finds it decided", At::Reporting { outcome, remembered: true, lease });
            }
            Entry::Reported { .. } => self.goes("finds it reported", At::Deleting),
        }
    }

    /// Owners reuse two names. The name in the record cannot be reused, since for the ledger that would be a
    /// repetition of the same claim.
    fn grant(&mut self, standing: Option<u8>) {
        let breach = match self.state.record.entry {
            Entry::Running { live: true, .. } => Some(Breach::LeaseTaken),
            Entry::Decided { .. } | Entry::Reported { .. } => Some(Breach::RanDecided),
            Entry::Absent | Entry::Running { .. } => None,
        };
        let owner = u8::from(standing == Some(0));
        let mut after = self.state;
        after.latest += 1;
        after.record.epoch += 1;
        after.record.entry = Entry::Running { owner, live: true };
        let lease = Lease { owner, epoch: after.record.epoch };
        let at = match self.owner {
            DEAD_LETTERS => At::Deciding { lease, claim: after.latest, outcome: Outcome::DeadLettered },
            _ => At::Running { lease, claim: after.latest },
        };
        self.steps.push((self.name, "claims it", after.with(self.owner, at), breach));
    }

    fn run(&mut self, lease: Lease, claim: u8) {
        let decide = |outcome| At::Deciding { lease, claim, outcome };
        self.goes("its step succeeds", decide(Outcome::Succeeded(claim)));
        if self.state.owners[self.owner].last {
            self.goes("its step fails on the last delivery", decide(Outcome::Failed(claim)));
        } else {
            self.goes("its step is to be tried again", At::Releasing { lease, closed: false });
        }
        if self.state.service == Service::Closed {
            self.goes("hears that the task is closed", At::Releasing { lease, closed: true });
        }
    }

    fn decide(&mut self, lease: Lease, claim: u8, outcome: Outcome) {
        let reporting = |remembered| At::Reporting { outcome, remembered, lease };
        let unanswered = self.rules.ledger_faults && self.state.mishaps_left > 0;
        if unanswered {
            let after = self.mishap().with(self.owner, reporting(false));
            self.can("does not reach the ledger: reports it unrecorded", after);
        }
        let fenced = self.state.is_held(lease);
        let own = matches!(self.state.record.entry, Entry::Decided { outcome: o, by } if o == outcome && by == lease);
        if !fenced && !own && !self.is(Variant::NoFencing) {
            self.goes("finds the task another's: kept", At::Idle);
            return;
        }
        let breach = (!own && claim != self.state.latest).then_some(Breach::LateOwner);
        let mut after = self.state;
        after.record.entry = Entry::Decided { outcome, by: lease };
        after.first = self.state.first.or(Some(outcome));
        self.steps.push((self.name, "decides", after.with(self.owner, reporting(true)), breach));
        if unanswered {
            let after = after.with(self.owner, reporting(false));
            self.can("decides and gets no answer: reports it unrecorded", after);
        }
    }

    fn release(&mut self, lease: Lease, closed: bool) {
        let at = if closed { At::Deleting } else { At::Idle };
        let mut after = self.state.with(self.owner, at);
        if self.state.is_held(lease) {
            after.record.entry = Entry::Absent;
            if self.is(Variant::ReleaseForgetsEpoch) {
                after.record.epoch = 0;
            }
        }
        self.can("releases", after);
        if self.rules.ledger_faults {
            self.goes("does not reach the ledger: the lease must end", at);
        }
    }

    fn report(&mut self, outcome: Outcome, remembered: bool, lease: Lease) {
        // An attempt's timeout ends inside the lease, so the report arrives within it.
        let leased =
            self.state.is_held(lease) && matches!(self.state.record.entry, Entry::Running { live: true, .. });
        // The decision may have been recorded with its response lost. That ends the lease, but not by this
        // owner's clock.
        let own = matches!(self.state.record.entry, Entry::Decided { by, .. } if by == lease);
        if !remembered && !leased && !own && !self.is(Variant::ReportAfterLease) {
            self.goes("finds its lease over: nacked", At::Idle);
            return;
        }
        let next = if remembered { At::Remembering { outcome } } else { At::Deleting };
        self.goes("gets no answer or a refusal: kept", At::Idle);
        if self.state.service == Service::Closed {
            self.goes("hears that the task is closed", next);
            return;
        }
        let breach = if remembered {
            (!self.is_decision(outcome)).then_some(Breach::Flipped)
        } else {
            (!leased && !own).then_some(Breach::ReportedWithoutLease)
        };
        let taken = State { service: Service::Closed, ..self.state };
        for (what, at) in [
            ("reports", next),
            ("reports, and the answer is lost", self.state.owners[self.owner].at),
            ("reports, and every answer is lost: kept", At::Idle),
        ] {
            self.steps.push((self.name, what, taken.with(self.owner, at), breach));
        }
        if let Outcome::Succeeded(_) = outcome {
            let fixed = At::Reporting { outcome: Outcome::Replacement, remembered, lease };
            let at = if remembered { At::Replacing { outcome, lease } } else { fixed };
            self.goes("is refused for the output", at);
        }
        if self.is(Variant::FlipOnRefusal) {
            self.goes(
                "is refused and tells a failure",
                At::Reporting { outcome: Outcome::Invented, remembered, lease },
            );
        }
        if self.is(Variant::DoneOnRefusal) {
            self.goes("is refused and calls it done", At::Deleting);
        }
    }

    /// The first outcome decided, or its replacement.
    fn is_decision(&self, outcome: Outcome) -> bool {
        match (self.state.first, outcome) {
            (Some(Outcome::Succeeded(_)), Outcome::Replacement) => true,
            (first, outcome) => first == Some(outcome),
        }
    }

    fn replace(&mut self, outcome: Outcome, lease: Lease) {
        let fixed = Outcome::Replacement;
        let next = At::Reporting { outcome: fixed, remembered: true, lease };
        if self.rules.ledger_faults {
            self.goes("does not reach the ledger: kept", At::Idle);
        }
        match self.state.record.entry {
            Entry::Decided { outcome: o, by } if o == outcome => {
                let mut after = self.state;
                after.record.entry = Entry::Decided { outcome: fixed, by };
                self.can("replaces", after.with(self.owner, next));
                if self.rules.ledger_faults {
                    self.can("replaces without an answer: nacks", after.with(self.owner, At::Idle));
                }
            }
            Entry::Decided { outcome: o, .. } | Entry::Reported { outcome: o } if o == fixed => {
                self.goes("finds it replaced", next);
            }
            _ => self.goes("finds another outcome: kept", At::Idle),
        }
    }

    fn remember(&mut self, outcome: Outcome) {
        let mut after = self.state.with(self.owner, At::Deleting);
        if matches!(self.state.record.entry, Entry::Decided { outcome: o, .. } if o == outcome) {
            after.record.entry = Entry::Reported { outcome };
        }
        self.can("remembers the receipt", after);
        if self.rules.ledger_faults {
            self.goes("does not reach the ledger: done all the same", At::Deleting);
        }
    }

    /// A worker cannot delete a message that moved to the dead-letter queue.
    fn delete(&mut self) {
        let mut after = self.state.with(self.owner, At::Idle);
        if self.owner == DEAD_LETTERS || matches!(self.state.message, Message::Queued { .. }) {
            after.message = Message::Gone;
        }
        let breach = (self.state.service == Service::Open).then_some(Breach::AckedUnreported);
        self.steps.push((self.name, "is done", after, breach));
    }
}
