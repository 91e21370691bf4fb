use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use crate::uuid::uuid;

/// A message that a flow sent to a queue. Its body usually holds a task token, so Debug hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// A UUID.
    pub id: String,
    /// The body, as the flow's definition constructs it.
    pub body: String,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Queues by name. A queue is created by its first message.
#[derive(Default)]
pub(crate) struct Queues(BTreeMap<String, VecDeque<Message>>);

impl Queues {
    pub(crate) fn send(&mut self, queue: &str, body: String) {
        self.0.entry(queue.to_owned()).or_default().push_back(Message { id: uuid(), body });
    }

    pub(crate) fn receive(&mut self, queue: &str, max: usize) -> Vec<Message> {
        let Some(queue) = self.0.get_mut(queue) else { return Vec::new() };
        queue.drain(..max.min(queue.len())).collect()
    }

    pub(crate) fn list(&self) -> Vec<(String, usize)> {
        self.0.iter().map(|(name, messages)| (name.clone(), messages.len())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_leave_in_order_undisclosed() {
        let mut queues = Queues::default();
        for body in ["one", "two", "three"] {
            queues.send("q", body.to_owned());
        }
        let received = queues.receive("q", 2);
        assert_eq!([received[0].body.as_str(), received[1].body.as_str()], ["one", "two"]);
        assert!(!format!("{received:?}").contains("two"));
        assert_eq!(queues.list(), [("q".to_owned(), 1)]);
        assert_eq!(queues.receive("q", 9).len(), 1);
        assert_eq!(queues.receive("other", 1), []);
    }
}
