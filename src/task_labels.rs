//! The fields that every log line about a task has.

use taskback_core::{Fingerprint, RawTask, Service};

use crate::delivery::Delivery;

/// A task and the delivery that brought it. The texts are made only for a line that is written.
pub(crate) struct TaskLabels<'a> {
    pub(crate) task: &'a RawTask,
    pub(crate) key: Fingerprint,
    delivery: &'a Delivery<'a>,
}

impl<'a> TaskLabels<'a> {
    pub(crate) fn new(task: &'a RawTask, delivery: &'a Delivery<'a>) -> Self {
        Self { task, key: task.token.fingerprint(), delivery }
    }

    pub(crate) fn service(&self) -> Service {
        self.task.token.service()
    }

    /// The ids of the workflow, as far as the message has them.
    pub(crate) fn workflow(&self) -> Option<String> {
        self.task.business_key().map(|key| self.task.token.redact_line(&key, 512))
    }

    pub(crate) fn message_id(&self) -> Option<String> {
        let id = self.delivery.id.as_deref()?;
        (!id.is_empty()).then(|| self.delivery.printable_id(Some(&self.task.token)))
    }

    pub(crate) fn receive_count(&self) -> Option<u32> {
        self.delivery.receive_count
    }
}

/// Writes a log line about a task, with its labels and an event: `log_task!(warn, labels, "lease.lost", %error, "…")`.
macro_rules! log_task {
    ($level:ident, $labels:expr, $event:expr, $($fields:tt)+) => {
        tracing::$level!(
            event = $event,
            task = $labels.key.short(),
            service = %$labels.service(),
            workflow = $labels.workflow(),
            message_id = $labels.message_id(),
            receive_count = $labels.receive_count(),
            $($fields)+
        )
    };
}
pub(crate) use log_task;
