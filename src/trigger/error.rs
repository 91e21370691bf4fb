use std::fmt;

/// An event that no delivery can be read from: the invocation fails, so that the trigger keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventError {
    /// No trigger sends such an event; the text says what was seen.
    UnknownEvent(String),
    /// The event says that it is a batch and brings no message.
    EmptyBatch,
    /// The messages come from a source that taskback does not serve.
    ForeignSource(String),
}

/// An answer that fails the invocation, so that the trigger keeps what it delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvocationError {
    /// The event itself.
    Event(EventError),
    /// A message that must come back has no usable id to say so by.
    UnusableMessageId,
    /// A message of a trigger without partial answers was kept; the text says why.
    Kept(String),
    /// The task of a direct invocation has its outcome, and the service took no report of it; the
    /// text says why. It is told by the next invocation that brings the token.
    Unreported(String),
    /// The task of a direct invocation is another owner's, who is to tell it; the text says for how long
    /// at most. Invoke again then, where nothing else does.
    RunningElsewhere(String),
    /// A poller's function cannot poll; the text says what to mend.
    NotPolled(String),
}

impl InvocationError {
    /// The error's name in the answer.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Event(EventError::UnknownEvent(_)) => "UnknownEvent",
            Self::Event(EventError::EmptyBatch) => "EmptyBatch",
            Self::Event(EventError::ForeignSource(_)) => "ForeignSource",
            Self::UnusableMessageId => "UnusableMessageId",
            Self::Kept(_) => "Kept",
            Self::Unreported(_) => "Unreported",
            Self::RunningElsewhere(_) => "RunningElsewhere",
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
            Self::UnknownEvent(seen) => write!(f, "no trigger sends such an event: {seen}"),
            Self::EmptyBatch => f.write_str("the event brings no message"),
            Self::ForeignSource(seen) => {
                write!(f, "the messages come from {seen}, which is no trigger of taskback")
            }
        }
    }
}

impl fmt::Display for InvocationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(error) => error.fmt(f),
            Self::UnusableMessageId => {
                f.write_str("a message that was kept has no messageId, so all come back")
            }
            Self::Kept(why) => write!(f, "the task was kept: {why}"),
            Self::Unreported(why) => write!(f, "decided and not told: {why}"),
            Self::RunningElsewhere(why) => write!(f, "the task was kept: {why}"),
            Self::NotPolled(why) => write!(f, "nothing was polled: {why}"),
        }
    }
}

impl std::error::Error for EventError {}
impl std::error::Error for InvocationError {}

/// A source's name is part of an error's text, so only what looks like one is shown.
pub(super) fn foreign(source: Option<&str>) -> String {
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
