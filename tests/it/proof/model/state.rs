//! The state of the model at one moment.

/// The whole state. `first` and `latest` exist for the laws only; no actor sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) record: Record,
    pub(super) service: Service,
    pub(super) message: Message,
    /// Two workers, then the handler of dead letters.
    pub(super) owners: [Owner; 3],
    pub(super) mishaps_left: u8,
    /// The first outcome decided.
    pub(super) first: Option<Outcome>,
    /// The number of claims granted, which is also the number of the latest claim.
    pub(super) latest: u8,
}

pub(super) const DEAD_LETTERS: usize = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Outcome {
    /// The claim's number distinguishes the runs of the step.
    Succeeded(u8),
    /// A retryable error on the last delivery.
    Failed(u8),
    DeadLettered,
    /// The fixed failure that replaces a refused output.
    Replacement,
    /// An outcome that a broken variant invents.
    Invented,
}

/// The ledger's item. The epoch outlives a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Record {
    pub(super) epoch: u8,
    pub(super) entry: Entry,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Entry {
    Absent,
    Running { owner: u8, live: bool },
    Decided { outcome: Outcome, by: Lease },
    Reported { outcome: Outcome },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Lease {
    pub(super) owner: u8,
    pub(super) epoch: u8,
}

/// The service's task, which accepts one outcome and then is closed.
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

/// The owner of a delivery, and its progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Owner {
    pub(super) at: At,
    /// Whether this is the message's last delivery.
    pub(super) last: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum At {
    Idle,
    Claiming,
    /// The step runs under the claim with this number.
    Running {
        lease: Lease,
        claim: u8,
    },
    Deciding {
        lease: Lease,
        claim: u8,
        outcome: Outcome,
    },
    /// `closed`: the task was found closed, so the message is acknowledged.
    Releasing {
        lease: Lease,
        closed: bool,
    },
    Reporting {
        outcome: Outcome,
        remembered: bool,
        lease: Lease,
    },
    Replacing {
        outcome: Outcome,
        lease: Lease,
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

    /// The same state with another progress of that owner.
    pub(super) fn with(mut self, owner: usize, at: At) -> Self {
        if at == At::Idle {
            self.owners[owner].last = false;
        }
        self.owners[owner].at = at;
        // States that differ only by an exchange of the two workers are the same.
        self.owners[..DEAD_LETTERS].sort();
        self
    }

    pub(super) fn is_held(&self, lease: Lease) -> bool {
        self.record.epoch == lease.epoch
            && matches!(self.record.entry, Entry::Running { owner, .. } if owner == lease.owner)
    }
}
