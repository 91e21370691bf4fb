//! An operation, with the function that runs it.

use std::time::Duration;

use super::members::Members;
use crate::context::CallContext;
use crate::effect::OperationResult;
use crate::operation::Operation;
use crate::state::LocalState;

/// A line in a service's table of operations.
pub(crate) struct JsonOperation {
    pub(crate) spec: Operation,
    run: Run,
}

enum Run {
    AtOnce(fn(&mut LocalState, Members<'_>, CallContext) -> OperationResult),
    /// `None` means that it waits.
    Poll(fn(&mut LocalState, Members<'_>, CallContext) -> Option<OperationResult>),
}

/// The time after which a poll without a task is answered.
const LONG_POLL: Duration = Duration::from_secs(60);

impl JsonOperation {
    pub(crate) const fn new(
        name: &'static str,
        run: fn(&mut LocalState, Members<'_>, CallContext) -> OperationResult,
    ) -> Self {
        Self { spec: Operation::new(name), run: Run::AtOnce(run) }
    }

    /// An operation that reports the outcome of a task.
    pub(crate) const fn report(
        name: &'static str,
        run: fn(&mut LocalState, Members<'_>, CallContext) -> OperationResult,
    ) -> Self {
        Self { spec: Operation::report(name), run: Run::AtOnce(run) }
    }

    /// An operation that waits for a task.
    pub(crate) const fn poll(
        name: &'static str,
        run: fn(&mut LocalState, Members<'_>, CallContext) -> Option<OperationResult>,
    ) -> Self {
        Self { spec: Operation::new(name), run: Run::Poll(run) }
    }

    /// The name on the wire: without the namespace of one that another service has too.
    pub(crate) fn wire_name(&self) -> &'static str {
        self.spec.name.split_once(':').map_or(self.spec.name, |(_namespace, name)| name)
    }

    /// The maximum time that it may wait.
    pub(crate) fn wait(&self) -> Duration {
        match self.run {
            Run::AtOnce(_) => Duration::ZERO,
            Run::Poll(_) => LONG_POLL,
        }
    }

    /// Runs it; `None` means that it waits.
    pub(crate) fn run(
        &self,
        state: &mut LocalState,
        members: Members<'_>,
        context: CallContext,
    ) -> Option<OperationResult> {
        match self.run {
            Run::AtOnce(run) => Some(run(state, members, context)),
            Run::Poll(run) => run(state, members, context),
        }
    }
}
