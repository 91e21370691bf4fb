use serde_json::Value;

use crate::answer::Refusal;

/// An input whose members are read one by one; what is wrong with them is told all at once, in the
/// service's own words.
pub(super) struct Fields<'a> {
    body: &'a Value,
    wrong: Vec<String>,
    type_error: Option<String>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(body: &'a Value) -> Self {
        Self { body, wrong: Vec::new(), type_error: None }
    }

    /// A text that may be absent. `path` is a member's name, or names joined by dots.
    pub(super) fn text(&mut self, path: &str, most: usize) -> Option<&'a str> {
        self.read(path, 0, most)
    }

    /// A text of at least one character that must be there.
    pub(super) fn need(&mut self, path: &str, most: usize) -> &'a str {
        let text = self.read(path, 1, most);
        if text.is_none() && self.type_error.is_none() {
            let missing = self.first_missing(path);
            self.wrong.push(format!(
                "Value null at '{missing}' failed to satisfy constraint: Member must not be null"
            ));
        }
        text.unwrap_or_default()
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.body.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    /// To be asked once, after every member was read.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        if let Some(message) = &self.type_error {
            return Err(not_serialized(message));
        }
        let (count, list) = (self.wrong.len(), self.wrong.join("; "));
        match count {
            0 => Ok(()),
            1 => Err(invalid(format!("1 validation error detected: {list}"))),
            _ => Err(invalid(format!("{count} validation errors detected: {list}"))),
        }
    }

    fn read(&mut self, path: &str, least: usize, most: usize) -> Option<&'a str> {
        let value = path.split('.').try_fold(self.body, |at, name| at.get(name));
        let text = match value? {
            Value::Null => return None,
            Value::String(text) => text,
            _ => {
                self.type_error = Some(format!("The member {path} is not a string."));
                return None;
            }
        };
        // The unit is not documented; UTF-16 is the one that is never the shorter.
        let units = text.encode_utf16().count();
        let bound = match units {
            _ if units < least => format!("greater than or equal to {least}"),
            _ if units > most => format!("less than or equal to {most}"),
            _ => return Some(text),
        };
        // The service echoes the value it refuses, whatever its size, but no token.
        let value = if path == "taskToken" { "Value".to_owned() } else { format!("Value '{text}'") };
        self.wrong.push(format!(
            "{value} at '{path}' failed to satisfy constraint: Member must have length {bound}"
        ));
        Some(text)
    }

    /// The part of `path` that ends with the first member that is not there.
    fn first_missing<'p>(&self, path: &'p str) -> &'p str {
        let mut at = Some(self.body);
        for (dot, _) in path.match_indices('.').chain([(path.len(), "")]) {
            let name = path[..dot].rsplit('.').next().unwrap_or_default();
            at = at.and_then(|at| at.get(name)).filter(|value| !value.is_null());
            if at.is_none() {
                return &path[..dot];
            }
        }
        path
    }
}

pub(super) fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::bad_request("ValidationException", message)
}

pub(super) fn not_serialized(message: &str) -> Refusal {
    Refusal::bad_request("SerializationException", message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn everything_wrong_is_told_at_once_in_the_services_words() {
        let body = json!({ "taskToken": "", "details": "longer" });
        let mut fields = Fields::new(&body);
        fields.need("taskToken", 1024);
        fields.need("taskList.name", 256);
        fields.text("details", 3);
        assert_eq!(
            fields.check().unwrap_err().message,
            "3 validation errors detected: \
             Value at 'taskToken' failed to satisfy constraint: Member must have length greater than or equal to 1; \
             Value null at 'taskList' failed to satisfy constraint: Member must not be null; \
             Value 'longer' at 'details' failed to satisfy constraint: Member must have length less than or equal to 3"
        );
    }

    #[test]
    fn a_member_of_another_type_is_a_serialization_error() {
        let body = json!({ "taskToken": 5 });
        let mut fields = Fields::new(&body);
        fields.need("taskToken", 1024);
        assert_eq!(fields.check().unwrap_err().code, "SerializationException");
    }

    #[test]
    fn null_is_absent_and_lengths_are_of_utf_16() {
        let body = json!({ "reason": null, "result": "🚀" });
        let mut fields = Fields::new(&body);
        assert_eq!(fields.text("reason", 1), None);
        assert_eq!(fields.text("result", 2), Some("🚀"));
        assert!(fields.check().is_ok());
        fields.text("result", 1);
        assert!(fields.check().is_err());
    }
}
