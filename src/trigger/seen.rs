use std::collections::HashMap;

use serde_json::value::RawValue;
use taskback_core::TOKEN_KEYS;

/// JSON as far as it must be read to say where it comes from: one level deep, and no value re-encoded.
pub(super) struct Seen<'e> {
    pub(super) json: &'e RawValue,
    kind: Kind<'e>,
    records: Option<Vec<&'e RawValue>>,
}

enum Kind<'e> {
    Object(HashMap<String, &'e RawValue>),
    Array(Vec<&'e RawValue>),
    Text(String),
    Other(&'static str),
}

impl<'e> Seen<'e> {
    pub(super) fn of(json: &'e RawValue) -> Self {
        let text = json.get();
        let first = text.trim_ascii_start().as_bytes().first();
        let kind = match first {
            Some(b'{') => serde_json::from_str(text).map(Kind::Object),
            Some(b'[') => serde_json::from_str(text).map(Kind::Array),
            Some(b'"') => serde_json::from_str(text).map(Kind::Text),
            Some(b't' | b'f') => Ok(Kind::Other("a boolean")),
            Some(b'n') => Ok(Kind::Other("null")),
            _ => Ok(Kind::Other("a number")),
        };
        // Escapes that are no text are all that was not checked when the JSON was taken for JSON.
        let kind = kind.unwrap_or(Kind::Other("JSON with text that is none"));
        let mut seen = Self { json, kind, records: None };
        seen.records = seen.member("Records").and_then(|records| serde_json::from_str(records.get()).ok());
        seen
    }

    /// What it is, in words that show none of it.
    pub(super) fn name(&self) -> &'static str {
        match &self.kind {
            Kind::Object(_) => "an object",
            Kind::Array(_) => "an array",
            Kind::Text(_) => "a string",
            Kind::Other(name) => name,
        }
    }

    pub(super) fn is_object(&self) -> bool {
        matches!(self.kind, Kind::Object(_))
    }

    pub(super) fn member(&self, key: &str) -> Option<&'e RawValue> {
        match &self.kind {
            Kind::Object(members) => members.get(key).copied(),
            _ => None,
        }
    }

    /// The member where it is text.
    pub(super) fn text_of(&self, key: &str) -> Option<String> {
        serde_json::from_str(self.member(key)?.get()).ok()
    }

    pub(super) fn elements(&self) -> Option<&[&'e RawValue]> {
        match &self.kind {
            Kind::Array(elements) => Some(elements),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The records of an event that has a list of them, each unread, so that one bad record spoils
    /// no other.
    pub(super) fn records(&self) -> Option<&[&'e RawValue]> {
        self.records.as_deref()
    }

    /// Whether a task's token lies here itself, so that nothing here is a wrapper around another.
    pub(super) fn holds_token(&self) -> bool {
        TOKEN_KEYS.iter().any(|key| self.member(key).is_some())
    }
}
