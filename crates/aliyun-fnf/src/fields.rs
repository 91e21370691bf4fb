use serde_json::{Map, Value};

use crate::Hidden;

/// The fields of a JSON answer, found in upper (`RequestId`) or lower (`requestId`) camel case.
pub struct Fields(Map<String, Value>);

impl Fields {
    /// `None` where the text is no JSON object.
    pub(crate) fn parse(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok().map(Self)
    }

    /// An empty text counts as absent: the service sends `""` for what it does not know yet.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    pub(crate) fn hidden(&self, name: &str) -> Option<Hidden> {
        self.text(name).map(Hidden::from)
    }

    /// A number, or a text that is one.
    pub(crate) fn int(&self, name: &str) -> Option<i64> {
        match self.get(name)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The objects of a list; what is no object is left out.
    pub(crate) fn list(&self, name: &str) -> Vec<Fields> {
        let Some(Value::Array(items)) = self.get(name) else { return Vec::new() };
        items.iter().filter_map(|item| Some(Fields(item.as_object()?.clone()))).collect()
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).or_else(|| self.0.get(&lower(name)))
    }
}

fn lower(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().into_iter().flat_map(char::to_lowercase).chain(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_found_and_empty_is_absent() {
        let fields =
            Fields::parse(br#"{"RequestId":"a","eventId":"7","Status":"","Items":[{"x":1},2]}"#).unwrap();
        assert_eq!(fields.text("RequestId").as_deref(), Some("a"));
        assert_eq!(fields.int("EventId"), Some(7));
        assert_eq!(fields.text("Status"), None);
        assert_eq!(fields.list("Items").len(), 1);
    }

    #[test]
    fn what_is_no_object_is_no_answer() {
        for body in ["", "[]", "\"x\"", "<html>", "{"] {
            assert!(Fields::parse(body.as_bytes()).is_none(), "{body}");
        }
    }
}
