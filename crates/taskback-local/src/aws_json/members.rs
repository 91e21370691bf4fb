use serde_json::Value;

use super::refusal::{invalid, not_serialized};
use crate::response::Refusal;

/// The members of an operation's input, read one by one. Their errors are reported together, in the
/// service's own words.
pub(crate) struct Members<'a> {
    body: &'a Value,
    errors: Vec<String>,
    type_error: Option<String>,
    echoes_values: bool,
}

/// The unit of a limit of length.
#[derive(Clone, Copy)]
enum Unit {
    Utf16,
    Bytes,
}

impl<'a> Members<'a> {
    /// The members of a service whose errors quote refused values.
    pub(crate) fn new(body: &'a Value) -> Self {
        Self { body, errors: Vec::new(), type_error: None, echoes_values: true }
    }

    /// The members of a service whose errors quote no value.
    pub(crate) fn without_echo(body: &'a Value) -> Self {
        Self { echoes_values: false, ..Self::new(body) }
    }

    /// An optional text. `path` is a member's name, or names joined by dots.
    pub(crate) fn text(&mut self, path: &str, max: usize) -> Option<&'a str> {
        self.read(path, 0, max, Unit::Utf16)
    }

    /// A required text of at least one character.
    pub(crate) fn require(&mut self, path: &str, max: usize) -> &'a str {
        self.require_in(path, 1, max, Unit::Utf16)
    }

    /// A required text of at most so many bytes of UTF-8, which may be empty.
    pub(crate) fn require_bytes(&mut self, path: &str, max: usize) -> &'a str {
        self.require_in(path, 0, max, Unit::Bytes)
    }

    fn require_in(&mut self, path: &str, min: usize, max: usize, unit: Unit) -> &'a str {
        let text = self.read(path, min, max, unit);
        if text.is_none() && self.type_error.is_none() {
            let missing = self.first_missing(path);
            self.errors.push(format!(
                "Value null at '{missing}' failed to satisfy constraint: Member must not be null"
            ));
        }
        text.unwrap_or_default()
    }

    /// An optional whole number within limits.
    pub(crate) fn number(&mut self, name: &str, min: u64, max: u64) -> Option<u64> {
        let value = self.body.get(name).filter(|value| !value.is_null())?;
        let Some(number) = value.as_u64() else {
            self.type_error = Some(format!("The member {name} is not a whole number."));
            return None;
        };
        if !(min..=max).contains(&number) {
            self.errors.push(format!(
                "Value '{number}' at '{name}' failed to satisfy constraint: Member must have value between {min} and \
                 {max}"
            ));
        }
        Some(number)
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.body.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    /// Returns the errors of all members read so far; call it once, after the last.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
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

    fn read(&mut self, path: &str, min: usize, max: usize, unit: Unit) -> Option<&'a str> {
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
        let units = match unit {
            Unit::Utf16 => text.encode_utf16().count(),
            Unit::Bytes => text.len(),
        };
        let bound = match units {
            _ if units < min => format!("greater than or equal to {min}"),
            _ if units > max => format!("less than or equal to {max}"),
            _ => return Some(text),
        };
        // A value of any size is quoted, except a token.
        let is_quoted = self.echoes_values && path != "taskToken";
        let value = if is_quoted { format!("Value '{text}'") } else { "Value".to_owned() };
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
    fn bytes_are_counted_without_echo() {
        let body = json!({ "output": "é🚀" });
        let mut members = Members::without_echo(&body);
        assert_eq!(members.require_bytes("output", 6), "é🚀");
        assert!(members.check().is_ok());
        members.require_bytes("output", 5);
        assert_eq!(
            members.check().unwrap_err().message,
            "1 validation error detected: Value at 'output' failed to satisfy constraint: Member must have length less \
             than or equal to 5"
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
