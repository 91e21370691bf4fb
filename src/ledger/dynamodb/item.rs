//! The attributes of an item.

use std::collections::HashMap;
use std::str::FromStr;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::de::DeserializeOwned;
use taskback_core::ledger::{Decided, Record, State};
use taskback_core::{Digest, Outcome};

pub(super) type Item = HashMap<String, AttributeValue>;

pub(super) const RUNNING: &str = "Running";
pub(super) const RELEASED: &str = "Released";
pub(super) const DECIDED: &str = "Decided";
pub(super) const REPORTED: &str = "Reported";

/// Returns the record of an item; `None` = not as this ledger writes it.
pub(super) fn record(item: &Item) -> Option<Record> {
    let state = match text(item, "state")? {
        RELEASED => State::Absent,
        RUNNING => State::Running {
            owner: text(item, "owner")?.to_owned(),
            ends: Duration::from_millis(number(item, "leaseUntil")?),
        },
        DECIDED => {
            let outcome: Outcome = json(item, "outcome")?;
            let digest = digest(item, "digest")?;
            // An outcome that was changed is not the one that was decided.
            if outcome.digest() != digest {
                return None;
            }
            State::Decided(Box::new(Decided { outcome, digest, owner: text(item, "owner")?.to_owned() }))
        }
        REPORTED => State::Reported { digest: digest(item, "digest")?, receipt: json(item, "receipt")? },
        _ => return None,
    };
    Some(Record { epoch: epoch(item)?, input: input(item), state })
}

pub(super) fn epoch(item: &Item) -> Option<u64> {
    number(item, "epoch")
}

/// Returns the digest of the first claim's input.
pub(super) fn input(item: &Item) -> Option<Digest> {
    digest(item, "input")
}

fn digest(item: &Item, name: &str) -> Option<Digest> {
    Digest::from_hex(text(item, name)?)
}

pub(super) fn text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

fn number<T: FromStr>(item: &Item, name: &str) -> Option<T> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

fn json<T: DeserializeOwned>(item: &Item, name: &str) -> Option<T> {
    serde_json::from_str(text(item, name)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided() -> Item {
        let outcome = Outcome::failed("E", "c");
        [
            ("state", AttributeValue::S(DECIDED.into())),
            ("owner", AttributeValue::S("a".into())),
            ("epoch", AttributeValue::N("1".into())),
            ("outcome", AttributeValue::S(serde_json::to_string(&outcome).unwrap())),
            ("digest", AttributeValue::S(outcome.digest().hex())),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    #[test]
    fn incomplete_item_is_unreadable() {
        assert!(matches!(record(&decided()).unwrap().state, State::Decided(_)));
        for name in decided().keys() {
            let mut item = decided();
            item.remove(name);
            assert!(record(&item).is_none(), "without {name}");
            item.insert(name.clone(), AttributeValue::Bool(true));
            assert!(record(&item).is_none(), "{name} of another type");
            item.insert(name.clone(), AttributeValue::S("else".into()));
            // Any text may be an owner's name.
            assert_eq!(record(&item).is_some(), name == "owner", "another {name}");
        }
    }
}
