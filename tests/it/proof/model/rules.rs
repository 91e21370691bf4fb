//! The possible events, and the laws that none may break.

mod owner;

use super::state::{At, Entry, Message, Service, State};

#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) variant: Option<Variant>,
    /// The largest number of crashes and of decisions that do not reach the ledger.
    pub(super) mishaps: u8,
    /// Whether the ledger may be unavailable. Then an unrecorded outcome may be reported.
    pub(super) ledger_faults: bool,
    pub(super) closed_by_another: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self { variant: None, mishaps: 2, ledger_faults: false, closed_by_another: false }
    }
}

/// A mistake in the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Variant {
    NoFencing,
    FlipOnRefusal,
    ReleaseForgetsEpoch,
    DeadLetterIgnoresLease,
    DoneOnRefusal,
    ClaimIgnoresDecision,
    DeadLettersAreUnread,
    ReportAfterLease,
}

/// A law that was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Breach {
    /// The service accepted an outcome that is neither the first one decided nor its replacement.
    Flipped,
    /// A claim that is not the latest decided an outcome.
    LateOwner,
    /// A claim was granted during another owner's lease.
    LeaseTaken,
    /// A claim was granted after the outcome was decided.
    RanDecided,
    /// An unrecorded outcome was accepted after its lease.
    ReportedWithoutLease,
    /// A message was deleted while its task is open.
    AckedUnreported,
    /// A state from which the task can no longer be reported.
    Unreported,
}

/// The possible next events: actor and action, the next state, and the law that the event breaks.
pub(super) type Step = (&'static str, &'static str, State, Option<Breach>);

const NAMES: [&str; 3] = ["a worker", "another worker", "dead letters"];
pub(super) const DELIVERIES: u8 = 3;

pub(super) fn next(rules: Rules, state: State) -> Vec<Step> {
    let mut turn = Turn { rules, state, name: "world", owner: 0, steps: Vec::new() };
    turn.world();
    for (owner, name) in NAMES.into_iter().enumerate() {
        (turn.owner, turn.name) = (owner, name);
        turn.owner();
    }
    turn.steps
}

struct Turn {
    rules: Rules,
    state: State,
    name: &'static str,
    owner: usize,
    steps: Vec<Step>,
}

impl Turn {
    pub(super) fn can(&mut self, what: &'static str, state: State) {
        self.steps.push((self.name, what, state, None));
    }

    pub(super) fn goes(&mut self, what: &'static str, at: At) {
        self.can(what, self.state.with(self.owner, at));
    }

    pub(super) fn is(&self, variant: Variant) -> bool {
        self.rules.variant == Some(variant)
    }

    pub(super) fn mishap(&self) -> State {
        State { mishaps_left: self.state.mishaps_left - 1, ..self.state }
    }

    /// Time passes, and other parties act.
    fn world(&mut self) {
        let state = self.state;
        if let Entry::Running { owner, live: true } = state.record.entry {
            let mut after = state;
            after.record.entry = Entry::Running { owner, live: false };
            self.can("the lease ends", after);
        }
        let message = match state.message {
            Message::Queued { visible: false, received } => Some(Message::Queued { visible: true, received }),
            Message::Queued { visible: true, received: DELIVERIES } => Some(Message::Dead { visible: true }),
            Message::Dead { visible: false } => Some(Message::Dead { visible: true }),
            _ => None,
        };
        if let Some(message) = message {
            self.can("the message comes back or moves on", State { message, ..state });
        }
        if self.rules.closed_by_another && state.service == Service::Open {
            self.can("another party closes the task", State { service: Service::Closed, ..state });
        }
    }
}
