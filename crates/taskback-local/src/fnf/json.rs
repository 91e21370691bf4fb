use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

/// Parses JSON text without a change, with no number rounded.
pub(super) fn parse_raw(json: &str) -> Option<Box<RawValue>> {
    serde_json::from_str(json).ok()
}

pub(super) fn is_object(json: &str) -> bool {
    serde_json::from_str::<BTreeMap<String, IgnoredAny>>(json).is_ok()
}
