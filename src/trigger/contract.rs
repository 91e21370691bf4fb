use serde_json::json;

use super::error::{EventError, InvocationError};
use super::raw_event::RawEvent;
use crate::delivery::Delivery;
use crate::response::Response;
use crate::settlement::Settlement;

/// The deliveries of an event; `None` where the event is not this trigger's.
pub(super) type Decoded<'e> = Option<Result<Vec<Delivery<'e>>, EventError>>;

/// One way in which events arrive.
pub(super) trait Trigger: Sync {
    /// Takes an event apart that has this trigger's shape.
    fn decode<'e>(&self, event: &RawEvent<'e>) -> Decoded<'e>;

    /// The response to the settlements, one for each delivery and in their order. By default it is all or nothing, for
    /// triggers without partial responses: one nacked message fails the invocation, so that all are redelivered, and
    /// the ledger remembers those that were done.
    fn respond(
        &self,
        _deliveries: &[Delivery<'_>],
        settlements: &[Settlement],
    ) -> Result<Response, InvocationError> {
        let mut nacks = settlements.iter().filter_map(|settlement| match settlement {
            Settlement::Nack(reason) => Some(reason),
            Settlement::Ack(_) => None,
        });
        match nacks.next() {
            None => Response::new(&json!({ "done": settlements.len() })),
            Some(reason) => {
                let (count, all) = (1 + nacks.count(), settlements.len());
                Err(InvocationError::MessageNacked(format!("{reason} ({count} of {all})")))
            }
        }
    }

    /// Whether the response holds the outcomes, and not only the messages without one.
    fn wants_outcomes(&self) -> bool {
        false
    }
}
