use serde_json::{Map, Value};

use crate::fnf::expression::Position;
use crate::fnf::template::Template;
use crate::fnf::unsupported::unsupported;

/// An object of a definition, whose members are taken out one by one. A remaining member is not
/// supported.
pub(super) struct DefinitionFields {
    /// The path of the object for errors.
    pub(super) at: String,
    members: Map<String, Value>,
}

impl DefinitionFields {
    pub(super) fn new(at: &str, value: Value) -> Result<Self, String> {
        match value {
            Value::Object(members) => Ok(Self { at: at.to_owned(), members }),
            _ if at.is_empty() => Err("it must be an object".to_owned()),
            _ => Err(format!("{at} must be an object")),
        }
    }

    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.members.remove(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, String> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(format!("{} must be text", self.path(name))),
        }
    }

    pub(super) fn require_text(&mut self, name: &str) -> Result<String, String> {
        self.text(name)?.ok_or_else(|| format!("{} is required", self.path(name)))
    }

    /// An optional text of 1 to `max` characters.
    pub(super) fn short_text(&mut self, name: &str, max: usize) -> Result<Option<String>, String> {
        let text = self.text(name)?;
        match text.as_ref().map(|text| text.chars().count()) {
            Some(chars) if !(1..=max).contains(&chars) => {
                Err(format!("{} must have 1 to {max} characters", self.path(name)))
            }
            _ => Ok(text),
        }
    }

    pub(super) fn flag(&mut self, name: &str) -> Result<bool, String> {
        match self.take(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(_) => Err(format!("{} must be true or false", self.path(name))),
        }
    }

    /// Takes the member `name`, or the expression `name.$`.
    pub(super) fn template(&mut self, name: &str, position: Position) -> Result<Option<Template>, String> {
        let dollar = format!("{name}.$");
        let (plain, expression) = (self.members.remove(name), self.members.remove(&dollar));
        let (key, value) = match (plain, expression) {
            (Some(_), Some(_)) => {
                return Err(format!("{} is given twice, plain and with .$", self.path(name)));
            }
            (Some(plain), None) => (name.to_owned(), plain),
            (None, Some(expression)) => (dollar, expression),
            (None, None) => return Ok(None),
        };
        Template::parse_member(&self.at, key, value, position).map(|(_, template)| Some(template))
    }

    /// Takes an optional constructor: an object with expressions.
    pub(super) fn constructor(&mut self, name: &str, position: Position) -> Result<Option<Template>, String> {
        match self.take(name) {
            None => Ok(None),
            Some(value @ Value::Object(_)) => Template::parse(&self.path(name), value, position).map(Some),
            Some(_) => Err(format!("{} must be an object", self.path(name))),
        }
    }

    /// Ends the parsing; a remaining member is an error.
    pub(super) fn finish(self) -> Result<(), String> {
        match self.members.keys().next() {
            Some(name) => Err(unsupported(&self.path(name))),
            None => Ok(()),
        }
    }

    fn path(&self, name: &str) -> String {
        if self.at.is_empty() { name.to_owned() } else { format!("{}.{name}", self.at) }
    }
}
