use std::collections::HashMap;
use std::fmt;

use aws_sdk_sqs::types::{Message, MessageAttributeValue, MessageSystemAttributeName};
use taskback_core::{DecodeError, MessageFormat, RawTask};

use super::letter_state::LetterState;
use crate::ledger::{LedgerError, LedgerRecords};

/// A message of a dead-letter queue. Its body holds a token, so `Debug` shows its id only.
pub struct DeadLetter {
    id: String,
    pub(super) handle: String,
    pub(super) body: String,
    pub(super) attributes: HashMap<String, MessageAttributeValue>,
    system: HashMap<MessageSystemAttributeName, String>,
}

impl DeadLetter {
    /// `None` where the queue left out what every message has.
    pub(super) fn new(message: Message) -> Option<Self> {
        Some(Self {
            id: message.message_id.filter(|id| !id.is_empty())?,
            handle: message.receipt_handle?,
            body: message.body?,
            attributes: message.message_attributes.unwrap_or_default(),
            system: message.attributes.unwrap_or_default(),
        })
    }

    /// The id of the message.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The number of its receives, in all queues where it had this id, this one included.
    pub fn receive_count(&self) -> Option<u32> {
        self.system(&MessageSystemAttributeName::ApproximateReceiveCount)?.parse().ok()
    }

    /// Its group, in a FIFO queue.
    pub fn group(&self) -> Option<&str> {
        self.system(&MessageSystemAttributeName::MessageGroupId)
    }

    /// The trace that its sender began.
    pub(super) fn trace(&self) -> Option<&str> {
        self.system(&MessageSystemAttributeName::AwsTraceHeader)
    }

    /// The task that it brings.
    pub fn task(&self, format: &MessageFormat) -> Result<RawTask, DecodeError> {
        format.message(&self.body)
    }

    /// Reads the ledger for what became of its task. `source_arn` is the queue whose dead letters these are, where it is
    /// known: by it a start of a flow was named at its first delivery.
    pub async fn state(
        &self,
        records: &dyn LedgerRecords,
        format: &MessageFormat,
        source_arn: Option<&str>,
    ) -> Result<LetterState, LedgerError> {
        match self.task(format) {
            Ok(task) => {
                let record = records.read(&task.token.fingerprint()).await?;
                Ok(LetterState::of_task(record.as_ref()))
            }
            Err(reason) => Ok(self.flow_request(source_arn).unwrap_or(LetterState::Unreadable(reason))),
        }
    }

    /// The body to send: of a start without a name one that names it after its first message.
    pub(super) fn redriven_body(&self, source_arn: Option<&str>) -> String {
        #[cfg(feature = "fnf")]
        if let Some(message) = self.first_message(source_arn)
            && let Ok(Some(named)) = crate::fnf_flow::with_first_message(&self.body, &message)
        {
            return named;
        }
        #[cfg(not(feature = "fnf"))]
        let _ = source_arn;
        self.body.clone()
    }

    #[cfg(feature = "fnf")]
    fn flow_request(&self, source_arn: Option<&str>) -> Option<LetterState> {
        use crate::fnf_flow::{Request, with_first_message};
        let body = taskback_core::unwrap_message(&self.body);
        let request = Request::read(&body, Some("any message")).ok()?;
        if request.is_stop() {
            return Some(LetterState::Stop);
        }
        let message = self.first_message(source_arn);
        let named = with_first_message(&self.body, message.as_deref().unwrap_or("any message"));
        Some(match (named, message) {
            (Ok(None), _) => LetterState::NamedStart,
            (Ok(Some(_)), Some(_)) => LetterState::UnnamedStart,
            _ => LetterState::UnnamableStart,
        })
    }

    #[cfg(not(feature = "fnf"))]
    fn flow_request(&self, _source_arn: Option<&str>) -> Option<LetterState> {
        None
    }

    /// Queue and id, by which the handler of flows named a start at its first delivery. SQS keeps the id of a message that
    /// it moves to the dead-letter queue.
    #[cfg(feature = "fnf")]
    fn first_message(&self, source_arn: Option<&str>) -> Option<String> {
        let source = self.system(&MessageSystemAttributeName::DeadLetterQueueSourceArn).or(source_arn)?;
        Some(format!("{source} {}", self.id))
    }

    fn system(&self, name: &MessageSystemAttributeName) -> Option<&str> {
        self.system.get(name).map(String::as_str)
    }
}

impl fmt::Debug for DeadLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadLetter").field("id", &self.id).finish_non_exhaustive()
    }
}
