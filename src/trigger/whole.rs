//! The answer of triggers that know none for a part of an event.

use serde_json::{Value, json};

use super::InvocationError;
use crate::delivery::Delivery;
use crate::settlement::Settlement;

/// One that is kept fails the invocation, so that all come back; those that are done are remembered by
/// the ledger.
pub(super) fn answer<D>(
    _deliveries: &[Delivery<'_>],
    settlements: &[Settlement<D>],
) -> Result<Value, InvocationError> {
    let mut kept = settlements.iter().filter_map(|settlement| match settlement {
        Settlement::Kept(why) => Some(why),
        Settlement::Done(_) => None,
    });
    match kept.next() {
        None => Ok(json!({ "done": settlements.len() })),
        Some(why) => {
            let (count, all) = (1 + kept.count(), settlements.len());
            Err(InvocationError::Kept(format!("{why} ({count} of {all})")))
        }
    }
}
