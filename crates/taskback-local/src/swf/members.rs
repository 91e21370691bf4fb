use serde_json::Value;

use super::refusal::{invalid, not_serialized};
use crate::response::Refusal;

/// The members of an operation's input, read one by one. Their errors are reported together, in the
/// service's own words.
pub(super) struct Members<'a> {
    body: &'a Value,
    errors: Vec<String>,
    type_error: Option<String>,
}

impl<'a> Members<'a> {
    pub(super) fn new(body: &'a Value) -> Self {
        Self { body, errors: Vec::new(), type_error: None }
    }

    /// An optional text. `path` is a member's name, or names joined by dots.
    pub(super) fn text(&mut self, path: &str, max: usize) -> Option<&'a str> {
        self.read(path, 0, max)
    }

    /// A required text of at least one character.
    pub(super) fn require(&mut self, path: &str, max: usize) -> &'a str {
        let text = self.read(path, 1, max);
        if text.is_none() && self.type_error.is_none() {
            let missing = self.first_missing(path);
            self.errors.push(format!(
                "Value null at '{missing}' failed to satisfy constraint: Member must not be null"
            ));
        }
        text.unwrap_or_default()
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.body.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    /// Returns the errors of all members read so far; call it once, after the last.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        if let Some(message) = &self.type_error {
            return Err(not_serialized(message));
        }
        let (count, list) = (self.errors.len(), self.errors.join("; "));
        match count {
            0 => Ok(()),
            1 => Err(invalid(format!("1 validation error detected: {list}"))),
            _ => Err(invalid(format!("{count} validation errors detected: {list}"))),
        }
    }

    fn read(&mut self, path: &str, min: usize, max: usize) -> Option<&'a str> {
        let value = path.split('.').try_fold(self.body, |at, name| at.get(name));
        let text = match value? {
            Value::Null => return None,
            Value::String(text) => text,
            _ => {
                self.type_error = Some(format!("The member {path} is not a string."));
                return None;
            }
        };
        // The unit is not documented; a length in UTF-16 is never shorter than in characters.
        let units = text.encode_utf16().count();
        let bound = match units {
            _ if units < min => format!("greater than or equal to {min}"),
            _ if units > max => format!("less than or equal to {max}"),
            _ => return Some(text),
        };
        // The service echoes a refused value of any size, except a token.
        let value = if path == "taskToken" { "Value".to_owned() } else { format!("Value '{text}'") };
        self.errors.push(format!(
            "{value} at '{path}' failed to satisfy constraint: Member must have length {bound}"
        ));
        Some(text)
    }

    /// The part of `path` up to the first missing member.
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_errors_are_reported_together() {
        let body = json!({ "taskToken": "", "details": "longer" });
        let mut members = Members::new(&body);
        members.require("taskToken", 1024);
        members.require("taskList.name", 256);
        members.text("details", 3);
        assert_eq!(
            members.check().unwrap_err().message,
            "3 validation errors detected: \
             Value at 'taskToken' failed to satisfy constraint: Member must have length greater than or equal to 1; \
             Value null at 'taskList' failed to satisfy constraint: Member must not be null; \
             Value 'longer' at 'details' failed to satisfy constraint: Member must have length less than or equal to 3"
        );
    }

    #[test]
    fn wrong_type_is_a_serialization_error() {
        let body = json!({ "taskToken": 5 });
        let mut members = Members::new(&body);
        members.require("taskToken", 1024);
        assert_eq!(members.check().unwrap_err().code, "SerializationException");
    }

    #[test]
    fn null_is_absent_length_is_utf16() {
        let body = json!({ "reason": null, "result": "🚀" });
        let mut members = Members::new(&body);
        assert_eq!(members.text("reason", 1), None);
        assert_eq!(members.text("result", 2), Some("🚀"));
        assert!(members.check().is_ok());
        members.text("result", 1);
        assert!(members.check().is_err());
    }
}
