//! A task's row, as the statements read it.

use std::time::Duration;

use serde::de::DeserializeOwned;
use taskback_core::ledger::{Clock, Decided, Record, State};
use taskback_core::{Digest, Outcome};

use super::driver::Cell;

/// The number of columns that make a record.
pub(super) const COLUMNS: usize = 9;
/// The column of the owner.
pub(super) const OWNER: usize = 2;

/// Returns the record of a row, and the time at which it was read; `None` = not as this ledger writes it.
pub(super) fn record(row: &[Cell]) -> Option<(Record, Clock)> {
    let [now, state, owner, epoch, lease_until, input, outcome, digest, receipt] = row else { return None };
    let state = match state.text()? {
        "Released" => State::Absent,
        "Running" => State::Running { owner: owner.text()?.to_owned(), ends: millis(lease_until)? },
        "Decided" => {
            let (outcome, digest): (Outcome, _) = (json(outcome)?, hex(digest)?);
            // An outcome that was changed is not the one that was decided.
            if outcome.digest() != digest {
                return None;
            }
            State::Decided(Box::new(Decided { outcome, digest, owner: owner.text()?.to_owned() }))
        }
        "Reported" => State::Reported { digest: hex(digest)?, receipt: json(receipt)? },
        _ => return None,
    };
    let epoch = u64::try_from(epoch.number()?).ok()?;
    // One database has one clock.
    let clock = Clock { now: millis(now)?, skew: Duration::ZERO };
    Some((Record { epoch, input: hex(input), state }, clock))
}

fn hex(cell: &Cell) -> Option<Digest> {
    Digest::from_hex(cell.text()?)
}

fn millis(cell: &Cell) -> Option<Duration> {
    cell.number().and_then(|millis| u64::try_from(millis).ok()).map(Duration::from_millis)
}

fn json<T: DeserializeOwned>(cell: &Cell) -> Option<T> {
    serde_json::from_str(cell.text()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided() -> Vec<Cell> {
        let outcome = Outcome::failed("E", "c");
        let text = |text: &str| Cell::Text(text.to_owned());
        let json = serde_json::to_string(&outcome).unwrap();
        vec![
            Cell::Number(7),
            text("Decided"),
            text("a"),
            Cell::Number(1),
            Cell::Null,
            Cell::Null,
            text(&json),
            text(&outcome.digest().hex()),
            Cell::Null,
        ]
    }

    #[test]
    fn changed_row_is_unreadable() {
        let (read, clock) = record(&decided()).unwrap();
        assert_eq!((read.epoch, clock.now), (1, Duration::from_millis(7)));
        assert!(matches!(read.state, State::Decided(_)));
        for place in [0, 1, 2, 3, 6, 7] {
            for other in [Cell::Null, Cell::Number(-1), Cell::Text("else".into())] {
                let mut row = decided();
                row[place] = other;
                // Any text may be an owner's name.
                let is_owner = place == 2 && row[2].text().is_some();
                assert_eq!(record(&row).is_some(), is_owner, "{place} {:?}", row[place]);
            }
        }
        assert!(record(&decided()[1..]).is_none());
    }
}
