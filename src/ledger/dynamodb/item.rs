//! What stands in an item.

use std::collections::HashMap;
use std::str::FromStr;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::de::DeserializeOwned;
use taskback_core::{Outcome, Receipt};

use crate::ledger::Hold;

pub(super) type Item = HashMap<String, AttributeValue>;

pub(super) const RUNNING: &str = "Running";
pub(super) const RELEASED: &str = "Released";
pub(super) const DECIDED: &str = "Decided";
pub(super) const REPORTED: &str = "Reported";

/// An item as it was when a condition failed. A digest is in hex digits.
pub(super) enum Record {
    Released,
    /// `until`: since 1970, by its owner's clock.
    Running {
        hold: Hold,
        until: Duration,
    },
    Decided {
        outcome: Outcome,
        digest: String,
        by: Hold,
    },
    Reported {
        digest: String,
        receipt: Receipt,
    },
}

impl Record {
    /// `None` = not what this ledger writes.
    pub(super) fn read(item: &Item) -> Option<Self> {
        Some(match text(item, "state")? {
            RELEASED => {
                epoch(item)?;
                Self::Released
            }
            RUNNING => {
                Self::Running { hold: hold(item)?, until: Duration::from_millis(number(item, "leaseUntil")?) }
            }
            DECIDED => {
                let outcome: Outcome = json(item, "outcome")?;
                let digest = text(item, "digest")?.to_owned();
                // An outcome that was changed is not the one that was decided.
                if outcome.digest().hex() != digest {
                    return None;
                }
                Self::Decided { outcome, digest, by: hold(item)? }
            }
            REPORTED => {
                Self::Reported { digest: text(item, "digest")?.to_owned(), receipt: json(item, "receipt")? }
            }
            _ => return None,
        })
    }
}

pub(super) fn epoch(item: &Item) -> Option<u64> {
    number(item, "epoch")
}

fn hold(item: &Item) -> Option<Hold> {
    Some(Hold { owner: text(item, "owner")?.to_owned(), epoch: epoch(item)? })
}

fn text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
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
    fn an_item_is_read_whole_or_not_at_all() {
        assert!(matches!(Record::read(&decided()), Some(Record::Decided { .. })));
        for name in decided().keys() {
            let mut item = decided();
            item.remove(name);
            assert!(Record::read(&item).is_none(), "without {name}");
            item.insert(name.clone(), AttributeValue::Bool(true));
            assert!(Record::read(&item).is_none(), "{name} of another type");
            item.insert(name.clone(), AttributeValue::S("else".into()));
            // Whose claim it was is not for the item to judge.
            assert_eq!(Record::read(&item).is_some(), name == "owner", "another {name}");
        }
    }
}
