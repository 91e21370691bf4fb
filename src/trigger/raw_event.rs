use std::fmt;

use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde_json::value::RawValue;
use taskback_core::Members;

/// JSON as far as it must be read to find its trigger: one level deep, and no value re-encoded.
pub(super) struct RawEvent<'e> {
    pub(super) json: &'e RawValue,
    kind: Kind<'e>,
    records: Option<Vec<&'e RawValue>>,
}

enum Kind<'e> {
    Object(Members<'e>),
    Array(Vec<&'e RawValue>),
    Text(String),
    Other(&'static str),
}

impl<'e> RawEvent<'e> {
    pub(super) fn parse(json: &'e RawValue) -> Self {
        let text = json.get();
        let first = text.trim_ascii_start().as_bytes().first();
        let kind = match first {
            Some(b'{') => Members::parse(text).map(Kind::Object),
            Some(b'[') => match elements(text) {
                Some(elements) => Some(Kind::Array(elements)),
                None => Some(Kind::Other("an array of more than 10000 elements")),
            },
            Some(b'"') => serde_json::from_str(text).ok().map(Kind::Text),
            Some(b't' | b'f') => Some(Kind::Other("a boolean")),
            Some(b'n') => Some(Kind::Other("null")),
            _ => Some(Kind::Other("a number")),
        };
        // Escapes that are not Unicode text are all that a RawValue does not check.
        let kind = kind.unwrap_or(Kind::Other("JSON with escapes that are not Unicode text"));
        let mut raw_event = Self { json, kind, records: None };
        raw_event.records = raw_event.member("Records").and_then(|records| elements(records.get()));
        raw_event
    }

    /// Its kind, in words that show nothing of it.
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

    /// The one value under that name; null counts as absent.
    pub(super) fn member(&self, key: &str) -> Option<&'e RawValue> {
        match &self.kind {
            Kind::Object(members) => members.get(key),
            _ => None,
        }
    }

    /// The member where it is text.
    pub(super) fn text_of(&self, key: &str) -> Option<String> {
        match &self.kind {
            Kind::Object(members) => members.text(key),
            _ => None,
        }
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

    /// The records of an event that has a list of them, each unread, so that one bad record does not affect
    /// the others. Beside a task's token they are its business data.
    pub(super) fn records(&self) -> Option<&[&'e RawValue]> {
        self.records.as_deref().filter(|_| !self.holds_token())
    }

    /// Whether a task's token is here itself, so that nothing here is a wrapper around another.
    pub(super) fn holds_token(&self) -> bool {
        matches!(&self.kind, Kind::Object(members) if members.holds_token())
    }
}

/// The maximum of messages that a trigger puts into one event: SQS's largest batch, and that of Alibaba Cloud's
/// EventBridge.
const MAX_MESSAGES: usize = 10_000;

/// The elements of an array; `None` where it is not one, or has more than any trigger sends: each takes more memory
/// than the few bytes that it may be written with.
fn elements(text: &str) -> Option<Vec<&RawValue>> {
    struct List;
    impl<'de> Visitor<'de> for List {
        type Value = Vec<&'de RawValue>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an array")
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            let mut elements = Vec::new();
            while let Some(element) = seq.next_element()? {
                elements.push(element);
                if elements.len() > MAX_MESSAGES {
                    return Err(A::Error::custom("too many"));
                }
            }
            Ok(elements)
        }
    }
    let mut json = serde_json::Deserializer::from_str(text);
    json.deserialize_seq(List).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_event_are_bounded() {
        let list = |count: usize| format!("[{}]", vec!["1"; count].join(","));
        assert_eq!(elements(&list(MAX_MESSAGES)).map(|elements| elements.len()), Some(MAX_MESSAGES));
        assert!(elements(&list(MAX_MESSAGES + 1)).is_none());
        for (count, has_records) in [(MAX_MESSAGES, true), (MAX_MESSAGES + 1, false)] {
            let event = RawValue::from_string(format!(r#"{{"Records":{}}}"#, list(count))).unwrap();
            assert_eq!(RawEvent::parse(&event).records().is_some(), has_records);
            let event = RawValue::from_string(list(count)).unwrap();
            assert_eq!(RawEvent::parse(&event).elements().is_some(), has_records);
        }
    }
}
