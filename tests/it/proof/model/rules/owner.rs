//! One owner and his delivery: claim, step, decide, report, receipt.

use super::{Breach, DELIVERIES, Turn, Variant};
use crate::proof::model::state::{At, DEAD_LETTERS, Entry, Hold, Message, Outcome, Service, State};

impl Turn {
    pub(super) fn owner(&mut self) {
        let at = self.state.owners[self.owner].at;
        if at != At::Idle && self.state.mishaps_left > 0 {
            self.can("crashes", self.mishap().with(self.owner, At::Idle));
        }
        match at {
            At::Idle => self.receive(),
            At::Claiming => self.claim(),
            At::Running { hold, claim } => self.run(hold, claim),
            At::Deciding { hold, claim, outcome } => self.decide(hold, claim, outcome),
            At::Releasing { hold, closed } => self.release(hold, closed),
            At::Reporting { outcome, remembered } => self.report(outcome, remembered),
            At::Replacing { outcome } => self.replace(outcome),
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
            Message::Dead { visible: true } if dead && !self.is(Variant::NobodyReadsDeadLetters) => {
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
                self.goes("finds it decided", At::Reporting { outcome, remembered: true });
            }
            Entry::Reported { .. } => self.goes("finds it reported", At::Deleting),
        }
    }

    /// Owners have two names, which are used again as soon as can be. Only the name that stands in the
    /// record is not: to the ledger that is the same claim, asked for twice.
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
        let hold = Hold { owner, epoch: after.record.epoch };
        let at = match self.owner {
            DEAD_LETTERS => At::Deciding { hold, claim: after.latest, outcome: Outcome::DeadLettered },
            _ => At::Running { hold, claim: after.latest },
        };
        self.steps.push((self.name, "claims it", after.with(self.owner, at), breach));
    }

    fn run(&mut self, hold: Hold, claim: u8) {
        let decide = |outcome| At::Deciding { hold, claim, outcome };
        self.goes("its step succeeds", decide(Outcome::Succeeded(claim)));
        if self.state.owners[self.owner].last {
            self.goes("its step fails on the last delivery", decide(Outcome::Failed(claim)));
        } else {
            self.goes("its step is to be tried again", At::Releasing { hold, closed: false });
        }
        if self.state.service == Service::Closed {
            self.goes("hears that the task is closed", At::Releasing { hold, closed: true });
        }
    }

    fn decide(&mut self, hold: Hold, claim: u8, outcome: Outcome) {
        let told = |remembered| At::Reporting { outcome, remembered };
        let unanswered = self.rules.ledger_faults && self.state.mishaps_left > 0;
        if unanswered {
            let after = self.mishap().with(self.owner, told(false));
            self.can("does not reach the ledger: tells it unremembered", after);
        }
        let fenced = self.state.is_held(hold);
        let own = matches!(self.state.record.entry, Entry::Decided { outcome: o, by } if o == outcome && by == hold);
        if !fenced && !own && !self.is(Variant::NoFencing) {
            self.goes("finds the task another's: kept", At::Idle);
            return;
        }
        let breach = (!own && claim != self.state.latest).then_some(Breach::LateOwner);
        let mut after = self.state;
        after.record.entry = Entry::Decided { outcome, by: hold };
        after.first = self.state.first.or(Some(outcome));
        self.steps.push((self.name, "decides", after.with(self.owner, told(true)), breach));
        if unanswered {
            self.can("decides and is not told: tells it unremembered", after.with(self.owner, told(false)));
        }
    }

    fn release(&mut self, hold: Hold, closed: bool) {
        let at = if closed { At::Deleting } else { At::Idle };
        let mut after = self.state.with(self.owner, at);
        if self.state.is_held(hold) {
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

    fn report(&mut self, outcome: Outcome, remembered: bool) {
        let told = if remembered { At::Remembering { outcome } } else { At::Deleting };
        self.goes("gets no answer or a refusal: kept", At::Idle);
        if self.state.service == Service::Closed {
            self.goes("hears that the task is closed", told);
            return;
        }
        let breach = (remembered && !self.is_decision(outcome)).then_some(Breach::Flipped);
        let taken = State { service: Service::Closed, ..self.state };
        for (what, at) in [
            ("reports", told),
            ("reports, and the answer is lost", self.state.owners[self.owner].at),
            ("reports, and every answer is lost: kept", At::Idle),
        ] {
            self.steps.push((self.name, what, taken.with(self.owner, at), breach));
        }
        if let Outcome::Succeeded(_) = outcome {
            let fixed = At::Reporting { outcome: Outcome::Replacement, remembered };
            let at = if remembered { At::Replacing { outcome } } else { fixed };
            self.goes("is refused for the output", at);
        }
        if self.is(Variant::FlipOnRefusal) {
            self.goes(
                "is refused and tells a failure",
                At::Reporting { outcome: Outcome::Invented, remembered },
            );
        }
        if self.is(Variant::DoneOnRefusal) {
            self.goes("is refused and calls it done", At::Deleting);
        }
    }

    /// What was decided first, or the one that may stand in for it.
    fn is_decision(&self, outcome: Outcome) -> bool {
        match (self.state.first, outcome) {
            (Some(Outcome::Succeeded(_)), Outcome::Replacement) => true,
            (first, outcome) => first == Some(outcome),
        }
    }

    fn replace(&mut self, outcome: Outcome) {
        let fixed = Outcome::Replacement;
        let told = At::Reporting { outcome: fixed, remembered: true };
        if self.rules.ledger_faults {
            self.goes("does not reach the ledger: kept", At::Idle);
        }
        match self.state.record.entry {
            Entry::Decided { outcome: o, by } if o == outcome => {
                let mut after = self.state;
                after.record.entry = Entry::Decided { outcome: fixed, by };
                self.can("replaces", after.with(self.owner, told));
                if self.rules.ledger_faults {
                    self.can("replaces and is not told: kept", after.with(self.owner, At::Idle));
                }
            }
            Entry::Decided { outcome: o, .. } | Entry::Reported { outcome: o } if o == fixed => {
                self.goes("finds it replaced", told);
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

    /// A message that moved to the dead-letter queue is out of a worker's reach.
    fn delete(&mut self) {
        let mut after = self.state.with(self.owner, At::Idle);
        if self.owner == DEAD_LETTERS || matches!(self.state.message, Message::Queued { .. }) {
            after.message = Message::Gone;
        }
        let breach = (self.state.service == Service::Open).then_some(Breach::DoneUntold);
        self.steps.push((self.name, "is done", after, breach));
    }
}
