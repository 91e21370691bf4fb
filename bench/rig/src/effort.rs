//! The effort of a run.

use crate::driver::Load;
use crate::handler::Kind;

/// A full run measures the published figures; a quick run only shows that everything works.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    pub quick: bool,
    pub rounds: usize,
}

impl Effort {
    pub const fn new(quick: bool) -> Self {
        Self { quick, rounds: if quick { 2 } else { 9 } }
    }

    /// The rounds of a handler. Python needs fewer: its differences are far larger than the noise of the machine.
    pub fn rounds_of(&self, kind: Kind) -> usize {
        if is_python(kind) { self.rounds.min(3) } else { self.rounds }
    }

    /// About a second of work for each process.
    pub fn load_of(&self, kind: Kind, batch: usize) -> Load {
        let invocations = if batch == 1 { 2_000 } else { 600 };
        let share = if self.quick {
            10
        } else if is_python(kind) {
            4
        } else {
            1
        };
        Load { batch, invocations: invocations / share, warm_up: 20 }
    }
}

fn is_python(kind: Kind) -> bool {
    matches!(kind, Kind::PowertoolsSync | Kind::PowertoolsAsync | Kind::BotoSync | Kind::BotoThreads)
}
