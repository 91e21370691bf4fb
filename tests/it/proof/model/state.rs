//! What there is at one moment.

/// All of it. `first` and `latest` are known to nobody in it: they are for the laws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) record: Record,
    pub(super) service: Service,
    pub(super) message: Message,
    /// Two workers, then the handler of dead letters.
    pub(super) owners: [Owner; 3],
    pub(super) mishaps_left: u8,
    /// The outcome that was decided first.
    pub(super) first: Option<Outcome>,
    /// The number of claims that were granted; the latest one has this number.
    pub(super) latest: u8,
}

pub(super) const DEAD_LETTERS: usize = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Outcome {
    /// The number of the claim under which the step ran tells one run from another.
    Succeeded(u8),
    /// What could be tried again, on the last delivery.
    Failed(u8),
    DeadLettered,
    /// The fixed failure in the place of an output that was refused.
    Replacement,
    /// What a broken variant makes up.
    Invented,
}

/// The ledger's item: the epoch outlives a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Record {
    pub(super) epoch: u8,
    pub(super) entry: Entry,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Entry {
    Absent,
    Running { owner: u8, live: bool },
    Decided { outcome: Outcome, by: Hold },
    Reported { outcome: Outcome },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Hold {
    pub(super) owner: u8,
    pub(super) epoch: u8,
}

/// It takes one outcome and then is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Service {
    Open,
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Message {
    Queued { visible: bool, received: u8 },
    Dead { visible: bool },
    Gone,
}

/// One who handles a delivery, and where he is with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Owner {
    pub(super) at: At,
    /// It is the message's last delivery.
    pub(super) last: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum At {
    Idle,
    Claiming,
    /// The step runs under the claim of that number.
    Running {
        hold: Hold,
        claim: u8,
    },
    Deciding {
        hold: Hold,
        claim: u8,
        outcome: Outcome,
    },
    /// `closed`: the task was found closed, so that the message is done.
    Releasing {
        hold: Hold,
        closed: bool,
    },
    Reporting {
        outcome: Outcome,
        remembered: bool,
    },
    Replacing {
        outcome: Outcome,
    },
    Remembering {
        outcome: Outcome,
    },
    Deleting,
}

impl State {
    pub(super) fn start(mishaps: u8) -> Self {
        Self {
            record: Record { epoch: 0, entry: Entry::Absent },
            service: Service::Open,
            message: Message::Queued { visible: true, received: 0 },
            owners: [Owner { at: At::Idle, last: false }; 3],
            mishaps_left: mishaps,
            first: None,
            latest: 0,
        }
    }

    /// The same with that owner elsewhere.
    pub(super) fn with(mut self, owner: usize, at: At) -> Self {
        if at == At::Idle {
            self.owners[owner].last = false;
        }
        self.owners[owner].at = at;
        // Two workers that changed places are the same state.
        self.owners[..DEAD_LETTERS].sort();
        self
    }

    pub(super) fn is_held(&self, hold: Hold) -> bool {
        self.record.epoch == hold.epoch
            && matches!(self.record.entry, Entry::Running { owner, .. } if owner == hold.owner)
    }
}
