//! The members of a JSON object and the elements of an array as raw text, so that no number is
//! rounded and nothing is re-encoded.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The names under which a message may carry its token.
pub const TOKEN_KEYS: [&str; 3] = ["taskToken", "task_token", "TaskToken"];

/// A JSON object's members in their order, repeated keys included.
pub(crate) struct Members<'a>(pub(crate) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Members<'a> {
    /// `None` where `json` is no object.
    pub(crate) fn of(json: &'a RawValue) -> Option<Self> {
        Self::parse(json.get())
    }

    /// `None` where `text` is no JSON, or no object.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The value under `key`: the last one where the key is repeated, as in most readers.
    pub(crate) fn get(&self, key: &str) -> Option<&'a RawValue> {
        self.0.iter().rev().find(|(name, _)| name == key).map(|(_, value)| *value)
    }

    /// The value under `key` where it is text.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        serde_json::from_str(self.get(key)?.get()).ok()
    }

    /// Whether any of the names of a token is there.
    pub(crate) fn holds_token(&self) -> bool {
        TOKEN_KEYS.iter().any(|key| self.get(key).is_some())
    }

    /// The object without `key`.
    pub(crate) fn without(&self, key: &str) -> Box<RawValue> {
        self.write(|name, value| (name != key).then(|| value.get().to_owned()))
    }

    fn write(&self, member: impl Fn(&str, &RawValue) -> Option<String>) -> Box<RawValue> {
        let members: Vec<_> = self
            .0
            .iter()
            .filter_map(|(name, value)| Some(format!("{}:{}", quoted(name), member(name, value)?)))
            .collect();
        raw(format!("{{{}}}", members.join(",")))
    }
}

/// What a JSON pointer (RFC 6901) finds.
pub(crate) fn find<'a>(json: &'a RawValue, pointer: &str) -> Option<&'a RawValue> {
    let mut at = json;
    for step in steps(pointer) {
        at = match Members::of(at) {
            Some(members) => members.get(&step)?,
            None => elements(at)?.get(index(&step)?).copied()?,
        };
    }
    Some(at)
}

/// `json` without the value that the pointer finds; in an array its place is taken by null.
pub(crate) fn without(json: &RawValue, pointer: &str) -> Box<RawValue> {
    let steps: Vec<_> = steps(pointer).collect();
    let Some(first) = steps.first() else { return raw("null".to_owned()) };
    let rest: String =
        steps[1..].iter().map(|step| format!("/{}", step.replace('~', "~0").replace('/', "~1"))).collect();
    if let Some(members) = Members::of(json) {
        if rest.is_empty() {
            return members.without(first);
        }
        return members.write(|name, value| {
            Some(if name == first { without(value, &rest).get().to_owned() } else { value.get().to_owned() })
        });
    }
    let (Some(elements), Some(at)) = (elements(json), index(first)) else { return json.to_owned() };
    let elements: Vec<_> = elements
        .iter()
        .enumerate()
        .map(
            |(i, value)| {
                if i == at { without(value, &rest).get().to_owned() } else { value.get().to_owned() }
            },
        )
        .collect();
    raw(format!("[{}]", elements.join(",")))
}

fn elements(json: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(json.get()).ok()
}

fn steps(pointer: &str) -> impl Iterator<Item = String> {
    pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~"))
}

fn index(step: &str) -> Option<usize> {
    if step.len() > 1 && step.starts_with('0') { None } else { step.parse().ok() }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Text that is put together from raw JSON is JSON.
fn raw(json: String) -> Box<RawValue> {
    RawValue::from_string(json).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(Key(key)) = map.next_key()? {
                    members.push((key, map.next_value()?));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// A key, borrowed where it holds no escape.
#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).unwrap()
    }

    #[test]
    fn what_is_left_keeps_its_order_and_its_digits() {
        let body = json(r#"{"b": 1.00000000000000000000001, "token":"t", "a":{"c" : [1e400]}}"#);
        let left = Members::of(&body).unwrap().without("token");
        assert_eq!(left.get(), r#"{"b":1.00000000000000000000001,"a":{"c" : [1e400]}}"#);
    }

    #[test]
    fn a_pointer_finds_and_removes_through_objects_and_arrays() {
        let body = json(r#"{"a/b":[{"x":1},{"t":"secret","x":2}],"~":3}"#);
        assert_eq!(find(&body, "/a~1b/1/t").unwrap().get(), "\"secret\"");
        assert_eq!(find(&body, "/~0").unwrap().get(), "3");
        assert!(find(&body, "/a~1b/2").is_none() && find(&body, "/a~1b/01").is_none());
        assert_eq!(without(&body, "/a~1b/1/t").get(), r#"{"a/b":[{"x":1},{"x":2}],"~":3}"#);
        assert_eq!(without(&body, "/a~1b/0").get(), r#"{"a/b":[null,{"t":"secret","x":2}],"~":3}"#);
    }
}
