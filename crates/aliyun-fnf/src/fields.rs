use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::hidden::Hidden;

/// The fields of a JSON response, in upper (`RequestId`) or lower (`requestId`) camel case. A field is parsed only when it
/// is used, so that other fields with a number of any size or a value of any depth do no harm.
pub struct Fields<'a>(BTreeMap<String, &'a RawValue>);

/// Shows the number of fields only: a value may be a token.
impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fields({})", self.0.len())
    }
}

/// The maximum fields of an object. The largest response of the service has about twenty.
const MAX_FIELDS: usize = 256;
/// The maximum items of a list, equal to the service's largest page.
const MAX_ITEMS: usize = 1000;

impl<'a> Fields<'a> {
    /// Parses a response; `None` if it is not a JSON object.
    pub(crate) fn parse(body: &'a [u8]) -> Option<Self> {
        Self::from_object(serde_json::from_slice(body).ok()?)
    }

    fn from_object(object: &'a RawValue) -> Option<Self> {
        // serde would accept a list as an object.
        if !object.get().starts_with('{') {
            return None;
        }
        serde_json::from_str(object.get()).ok()
    }

    /// Returns a text field. An empty text is absent: the service sends `""` for values that it does not know yet. A
    /// number is returned as it is written.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let raw = self.get(name)?;
        match raw.as_bytes().first()? {
            b'"' => serde_json::from_str(raw).ok().filter(|text: &String| !text.is_empty()),
            b'-' | b'0'..=b'9' => Some(raw.to_owned()),
            _ => None,
        }
    }

    pub(crate) fn hidden(&self, name: &str) -> Option<Hidden> {
        self.text(name).map(Hidden::from)
    }

    /// Returns an integer, which may be written as text.
    pub(crate) fn int(&self, name: &str) -> Option<i64> {
        self.text(name)?.parse().ok()
    }

    /// Returns the objects of a list, without other values and without items beyond the service's largest page.
    pub(crate) fn list(&self, name: &str) -> Vec<Fields<'a>> {
        let items = self.get(name).and_then(|raw| serde_json::from_str::<Items<'_>>(raw).ok());
        items.into_iter().flat_map(|items| items.0).filter_map(Fields::from_object).collect()
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        self.0.get(name).or_else(|| self.0.get(&lower_camel_case(name))).map(|raw| raw.get())
    }
}

/// The first items of a list. An item takes more memory than the two bytes it may be written with.
struct Items<'a>(Vec<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Fields<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = BTreeMap::new();
                while let Some((name, value)) = map.next_entry()? {
                    fields.insert(name, value);
                    if fields.len() > MAX_FIELDS {
                        return Err(A::Error::custom("too many fields"));
                    }
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Items<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Items<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while items.len() < MAX_ITEMS
                    && let Some(item) = seq.next_element()?
                {
                    items.push(item);
                }
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Items(items))
            }
        }
        deserializer.deserialize_seq(List)
    }
}

fn lower_camel_case(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().into_iter().flat_map(char::to_lowercase).chain(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_cases_are_found() {
        let fields =
            Fields::parse(br#"{"RequestId":"a","eventId":"7","Status":"","Items":[{"x":1},2]}"#).unwrap();
        assert_eq!(fields.text("RequestId").as_deref(), Some("a"));
        assert_eq!(fields.int("EventId"), Some(7));
        assert_eq!(fields.text("Status"), None);
        assert_eq!(fields.list("Items").len(), 1);
    }

    #[test]
    fn only_objects_are_parsed() {
        for body in ["", "[]", "\"x\"", "<html>", "{", r#"[["RequestId","a"]]"#, "{}{}"] {
            assert!(Fields::parse(body.as_bytes()).is_none(), "{body}");
        }
    }

    #[test]
    fn fields_and_items_are_limited() {
        let fields = |count: usize| {
            let body: Vec<_> = (0..count).map(|number| format!(r#""{number}":1"#)).collect();
            Fields::parse(format!("{{{}}}", body.join(",")).as_bytes()).map(|fields| fields.0.len())
        };
        assert_eq!(fields(256), Some(256));
        assert_eq!(fields(257), None);
        let body = format!(r#"{{"Items":[{}{{}}],"RequestId":"r"}}"#, "{},".repeat(5000));
        let fields = Fields::parse(body.as_bytes()).unwrap();
        assert_eq!((fields.list("Items").len(), fields.text("RequestId").as_deref()), (1000, Some("r")));
    }

    #[test]
    fn extreme_values_do_no_harm() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let body = format!(
            r#" {{"Deep":{deep},"Big":1e400,"Half":"\ud800","RequestId":12345678901234567890123,"Items":[{{"x":{deep}}},{deep},1e400]}}"#
        );
        let fields = Fields::parse(body.as_bytes()).unwrap();
        assert_eq!(fields.text("RequestId").as_deref(), Some("12345678901234567890123"));
        assert_eq!(fields.text("Big").as_deref(), Some("1e400"));
        assert_eq!((fields.int("Big"), fields.text("Half"), fields.text("Deep")), (None, None, None));
        assert_eq!(fields.list("Items").len(), 1);
    }
}
