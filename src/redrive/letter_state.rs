use std::fmt;
use std::time::Duration;

use taskback_core::DecodeError;
use taskback_core::Receipt;
use taskback_core::ledger::State;

use crate::ledger::TaskRecord;

/// What a dead letter is, and so what a redrive of it does.
///
/// `Display` says the first in a few words, [`effect`](Self::effect) the second.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LetterState {
    /// Its task has a receipt.
    Reported(Receipt),
    /// Its task has an outcome, of that name, and no receipt.
    Decided(&'static str),
    /// A worker runs its task; the lease ends after this long.
    Running(Duration),
    /// Its task has that epoch: it was claimed before, and no worker has it now.
    Unfinished(u64),
    /// The ledger does not know its task.
    NeverSeen,
    /// A request to start a flow that has a name of its own, or by its token.
    NamedStart,
    /// A request to start a flow that gets the name of its first message.
    UnnamedStart,
    /// A request to start a flow without a name, whose first queue is not known.
    UnnamableStart,
    /// A request to stop a flow.
    Stop,
    /// It brings no task.
    Unreadable(DecodeError),
}

impl LetterState {
    /// The state of a letter whose task has this record.
    pub(super) fn of_task(record: Option<&TaskRecord>) -> Self {
        let Some(task) = record else { return Self::NeverSeen };
        match &task.record.state {
            State::Reported { receipt, .. } => Self::Reported(receipt.clone()),
            State::Decided(decided) => Self::Decided(decided.outcome.name()),
            State::Absent => Self::Unfinished(task.record.epoch),
            State::Running { .. } => match task.lease_left() {
                Some(left) if !left.is_zero() => Self::Running(left),
                _ => Self::Unfinished(task.record.epoch),
            },
        }
    }

    /// Whether a redrive does something that is not done yet.
    pub fn is_useful(&self) -> bool {
        match self {
            Self::Decided(_)
            | Self::Unfinished(_)
            | Self::NeverSeen
            | Self::NamedStart
            | Self::UnnamedStart
            | Self::Stop => true,
            Self::Reported(_) | Self::Running(_) | Self::UnnamableStart | Self::Unreadable(_) => false,
        }
    }

    /// What a redrive does, or why it is of no use.
    pub fn effect(&self) -> &'static str {
        match self {
            Self::Reported(_) => "nothing: the task is finished, and the message can be deleted",
            Self::Decided(DELEGATED) => "asks the party that holds the token again; reports nothing else",
            Self::Decided(_) => "reports the recorded outcome; the step does not run again",
            Self::Running(_) => "nothing now: look again when the lease is over",
            Self::Unfinished(_) => "runs the step again",
            Self::NeverSeen => "runs the step",
            Self::NamedStart => "starts the flow, unless an execution of its name exists",
            Self::UnnamedStart => {
                "starts the flow under the name of its first message, unless that execution exists"
            }
            Self::UnnamableStart => {
                "could start the flow twice: it has no name, and its first queue is not known"
            }
            Self::Stop => "stops the execution, unless it has ended",
            Self::Unreadable(_) => "nothing: a worker with these settings cannot read it",
        }
    }

    /// The name for programs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Reported(_) => "reported",
            Self::Decided(_) => "decided",
            Self::Running(_) => "running",
            Self::Unfinished(_) => "unfinished",
            Self::NeverSeen => "never-seen",
            Self::NamedStart | Self::UnnamedStart | Self::UnnamableStart => "flow-start",
            Self::Stop => "flow-stop",
            Self::Unreadable(_) => "unreadable",
        }
    }
}

/// The name of a delegation.
const DELEGATED: &str = "delegated";

impl fmt::Display for LetterState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reported(receipt) => write!(f, "reported ({})", receipt.name()),
            Self::Decided(outcome) => write!(f, "decided, not reported ({outcome})"),
            Self::Running(left) => write!(f, "running (lease ends in {} s)", left.as_millis().div_ceil(1000)),
            Self::Unfinished(epoch) => write!(f, "claimed, no outcome (epoch {epoch})"),
            Self::NeverSeen => f.write_str("never seen"),
            Self::NamedStart => f.write_str("start of a flow, with a name"),
            Self::UnnamedStart | Self::UnnamableStart => f.write_str("start of a flow, without a name"),
            Self::Stop => f.write_str("stop of a flow"),
            Self::Unreadable(reason) => write!(f, "unreadable: {reason}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use taskback_core::Outcome;

    use super::*;

    #[test]
    fn delegation_has_its_own_effect() {
        assert_eq!(DELEGATED, Outcome::DelegatedTo { to: String::new() }.name());
        assert_ne!(LetterState::Decided(DELEGATED).effect(), LetterState::Decided("failed").effect());
    }
}
