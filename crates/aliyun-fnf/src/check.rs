//! Checks of a request before it is sent. An error names the field and its limit, never the value.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::de::IgnoredAny;

use crate::error::Error;

/// Checks a flow or execution name: `[A-Za-z_][A-Za-z0-9_-]{0,127}`.
pub(crate) fn name(field: &'static str, value: &str) -> Result<(), Error> {
    let bytes = value.as_bytes();
    let start = bytes.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_');
    let rest = bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    if start && rest && bytes.len() <= 128 {
        return Ok(());
    }
    Err(Error::invalid(field, "must match [A-Za-z_][A-Za-z0-9_-]{0,127}"))
}

/// Checks the number of characters, not bytes.
pub(crate) fn chars(field: &'static str, value: &str, allowed: RangeInclusive<usize>) -> Result<(), Error> {
    let count = value.chars().count();
    if allowed.contains(&count) {
        return Ok(());
    }
    let (min, max) = allowed.into_inner();
    Err(Error::invalid(field, format!("has {count} characters, expected {min} to {max}")))
}

pub(crate) fn number(field: &'static str, value: u32, allowed: RangeInclusive<u32>) -> Result<(), Error> {
    if allowed.contains(&value) {
        return Ok(());
    }
    let (min, max) = allowed.into_inner();
    Err(Error::invalid(field, format!("is {value}, expected {min} to {max}")))
}

pub(crate) fn present(field: &'static str, value: &str) -> Result<(), Error> {
    if value.is_empty() { Err(Error::invalid(field, "is empty, expected text")) } else { Ok(()) }
}

pub(crate) fn json_object(field: &'static str, value: &str) -> Result<(), Error> {
    match serde_json::from_str::<BTreeMap<String, IgnoredAny>>(value) {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::invalid(field, "is invalid, expected a JSON object")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_pattern() {
        for good in ["a", "_", "A1-_", &"x".repeat(128)] {
            assert!(name("FlowName", good).is_ok(), "{good}");
        }
        for bad in ["", "1a", "-a", "a b", "é", "a.b", "a\n", &"x".repeat(129)] {
            let error = name("FlowName", bad).unwrap_err();
            assert_eq!(error.to_string(), "FlowName must match [A-Za-z_][A-Za-z0-9_-]{0,127}");
        }
    }

    #[test]
    fn character_limit_is_named() {
        assert!(chars("Error", &"é".repeat(128), 1..=128).is_ok());
        let error = chars("Error", &"é".repeat(129), 1..=128).unwrap_err();
        assert_eq!(error.to_string(), "Error has 129 characters, expected 1 to 128");
        assert!(chars("Error", "", 1..=128).is_err());
    }

    #[test]
    fn input_is_an_object() {
        assert!(json_object("Input", r#" {"a":[1,{"b":null}]} "#).is_ok());
        for bad in ["", "[]", "1", "\"{}\"", "{", "{}{}", "{1:2}"] {
            assert!(json_object("Input", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn deep_input_keeps_the_stack() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(json_object("Input", &deep).is_ok());
    }
}
