use std::collections::HashMap;
use std::fmt;

use aws_sdk_sqs::types::{Message, MessageAttributeValue, MessageSystemAttributeName};
#[cfg(feature = "fnf")]
use taskback_core::Members;
use taskback_core::{DecodeError, MessageFormat, RawTask};

use super::letter_state::LetterState;
use crate::error::{Error, ErrorKind};
use crate::ledger::{LedgerError, LedgerRecords};

/// A message of a dead-letter queue. Its body holds a token, so `Debug` shows its id only.
pub struct DeadLetter {
    id: String,
    handle: String,
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

    /// The name of this receive of it, for [`DeadLetterQueue::show_again`](super::DeadLetterQueue::show_again).
    pub fn receipt_handle(&self) -> &str {
        &self.handle
    }

    /// The number of its receives, in all queues where it had this id, this one included.
    pub fn receive_count(&self) -> Option<u32> {
        self.system(&MessageSystemAttributeName::ApproximateReceiveCount)?.parse().ok()
    }

    /// Its group, in a FIFO queue or a fair one.
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

    /// The body to send: of a start without a name one that names it after its first message. An error where that is not
    /// known: the flow could be started twice.
    pub(super) fn redriven_body(&self, source_arn: Option<&str>) -> Result<String, Error> {
        if self.flow_request(source_arn) == Some(LetterState::UnnamableStart) {
            return Err(Error::new(ErrorKind::Usage, LetterState::UnnamableStart.effect()));
        }
        #[cfg(feature = "fnf")]
        if let Some(message) = self.first_message(source_arn)
            && let Ok(Some(named)) = crate::fnf_flow::with_first_message(&self.body, &message)
        {
            return Ok(named);
        }
        Ok(self.body.clone())
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
        // The record of a failed invocation: the id of the invocation named the start, if that was the whole event.
        if let Some(context) = Members::parse(&self.body).and_then(|record| record.get("requestContext")) {
            let event = Members::parse(&self.body)?.get("requestPayload")?;
            Members::of(event)?.get("action")?;
            return Members::of(context)?.text("requestId");
        }
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

#[cfg(all(test, feature = "fnf"))]
mod tests {
    use super::*;

    fn letter(body: &str) -> DeadLetter {
        let message = Message::builder().message_id("id-1").receipt_handle("h").body(body).build();
        DeadLetter::new(message).expect("a whole message")
    }

    const START: &str = r#"{"action":"start","flowName":"f"}"#;

    #[test]
    fn first_message_is_what_named_the_start() {
        let record = |payload: &str| {
            letter(&format!(r#"{{"requestContext":{{"requestId":"r-1"}},"requestPayload":{payload}}}"#))
        };
        assert_eq!(letter(START).first_message(Some("arn")).as_deref(), Some("arn id-1"));
        assert_eq!(letter(START).first_message(None), None);
        assert_eq!(record(START).first_message(Some("arn")).as_deref(), Some("r-1"));
        // An SNS message has an id of its own, which the record does not lead with.
        let sns = r#"{"Records":[{"Sns":{"Message":"{\"action\":\"start\",\"flowName\":\"f\"}"}}]}"#;
        assert_eq!(record(sns).first_message(Some("arn")), None);
        let (known, unknown) = (letter(START).flow_request(Some("arn")), letter(START).flow_request(None));
        assert_eq!((known, unknown), (Some(LetterState::UnnamedStart), Some(LetterState::UnnamableStart)));
        assert_eq!(record(sns).flow_request(Some("arn")), Some(LetterState::UnnamableStart));
    }

    #[test]
    fn unnamable_start_is_not_sent() {
        let error = letter(START).redriven_body(None).unwrap_err().to_string();
        assert!(error.contains("could start the flow twice"), "{error}");
        assert!(letter(START).redriven_body(Some("arn")).unwrap().contains("arn id-1"));
        let named = r#"{"action":"start","flowName":"f","executionName":"e"}"#;
        for body in [named, "a task"] {
            assert_eq!(letter(body).redriven_body(None).unwrap(), body);
        }
    }

    #[test]
    fn debug_shows_the_id_only() {
        assert_eq!(format!("{:?}", letter("a secret")), r#"DeadLetter { id: "id-1", .. }"#);
    }
}
