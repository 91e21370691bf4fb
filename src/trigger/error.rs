use std::fmt;

/// An event without a readable delivery: the invocation fails, so that the trigger redelivers it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventError {
    /// No trigger sends such an event; the text describes it. Correct the event's source.
    UnknownEvent(String),
    /// The event is a batch without a message. Correct the event's source.
    EmptyBatch,
    /// The messages come from a source that taskback does not serve. Remove that event source.
    ForeignSource(String),
}

/// A failed invocation, so that the trigger redelivers its messages.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvocationError {
    /// The event itself: its error says what to do.
    Event(EventError),
    /// A message that must be redelivered has no usable id to name it by. The trigger redelivers all of them.
    UnusableMessageId,
    /// A message of a trigger without partial responses was nacked; the text gives the reason.
    MessageNacked(String),
    /// The task of a direct invocation has its outcome, and the service accepted no report of it; the
    /// text gives the reason. The next invocation with the token reports it.
    ReportFailed(String),
    /// Another owner runs the task of a direct invocation and will report it; the text gives the maximum time. Invoke
    /// again then, unless the host does.
    HeldByOther(String),
    /// A poller's function cannot poll; the text names the correction.
    NotPolled(String),
}

impl InvocationError {
    /// The error's name in the response.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Event(EventError::UnknownEvent(_)) => "UnknownEvent",
            Self::Event(EventError::EmptyBatch) => "EmptyBatch",
            Self::Event(EventError::ForeignSource(_)) => "ForeignSource",
            Self::UnusableMessageId => "UnusableMessageId",
            Self::MessageNacked(_) => "MessageNacked",
            Self::ReportFailed(_) => "ReportFailed",
            Self::HeldByOther(_) => "HeldByOther",
            Self::NotPolled(_) => "NotPolled",
        }
    }
}

impl From<EventError> for InvocationError {
    fn from(error: EventError) -> Self {
        Self::Event(error)
    }
}

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownEvent(raw_event) => write!(f, "no trigger sends such an event: {raw_event}"),
            Self::EmptyBatch => f.write_str("the event brings no message"),
            Self::ForeignSource(raw_event) => {
                write!(f, "the messages come from {raw_event}, which is not a trigger of taskback")
            }
        }
    }
}

impl fmt::Display for InvocationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(error) => error.fmt(f),
            Self::UnusableMessageId => {
                f.write_str("a message to redeliver has no messageId, so all are redelivered")
            }
            Self::MessageNacked(reason) => write!(f, "the task will be redelivered: {reason}"),
            Self::ReportFailed(reason) => write!(f, "outcome decided but not reported: {reason}"),
            Self::HeldByOther(reason) => write!(f, "the task will be redelivered: {reason}"),
            Self::NotPolled(reason) => write!(f, "no task was polled: {reason}"),
        }
    }
}

impl std::error::Error for EventError {}
impl std::error::Error for InvocationError {}

/// The name of a source for an error's text, where it looks like one.
pub(super) fn describe_source(source: Option<&str>) -> String {
    match source {
        Some(name)
            if name.len() <= 40 && name.chars().all(|c| c.is_ascii_alphanumeric() || ":._-".contains(c)) =>
        {
            name.to_owned()
        }
        Some(_) => "a source of an unusual name".to_owned(),
        None => "a source without a name".to_owned(),
    }
}
