use crate::clock::Clock;
use crate::config::Config;
use crate::durable::state::DurableState;
use crate::faults::Faults;
use crate::fnf::state::FnfState;
use crate::operation::Operation;
use crate::queues::Queues;
use crate::sfn::state::SfnState;
use crate::sigv4::SigV4;
use crate::swf::state::SwfState;
use crate::tasks::Tasks;

/// The data of all services, under one lock: every call and every time-out is one change of it.
pub(crate) struct LocalState {
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) queues: Queues,
    pub(crate) tasks: Tasks,
    pub(crate) sigv4: SigV4,
    pub(crate) fnf: FnfState,
    pub(crate) swf: SwfState,
    pub(crate) sfn: SfnState,
    pub(crate) durable: DurableState,
}

impl LocalState {
    /// `operations` are those of all services, which faults may name.
    pub(crate) fn new(config: &Config, operations: Vec<Operation>) -> Self {
        Self {
            clock: Clock::start(),
            faults: Faults::new(operations),
            queues: Queues::default(),
            tasks: Tasks::default(),
            sigv4: SigV4::new(config),
            fnf: FnfState::new(config),
            swf: SwfState::default(),
            sfn: SfnState::default(),
            durable: DurableState::default(),
        }
    }
}
