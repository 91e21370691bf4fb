use serde_json::{Map, Value};

use super::super::expression::Place;
use super::super::template::Template;
use super::unsupported;

/// An object of a definition whose members are taken out one by one; what is left over is not
/// supported.
pub(super) struct Fields {
    /// Where it stands, for what is wrong with it.
    pub(super) at: String,
    members: Map<String, Value>,
}

impl Fields {
    pub(super) fn read(at: &str, value: Value) -> Result<Self, String> {
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
            Some(_) => Err(format!("{} must be text", self.member(name))),
        }
    }

    pub(super) fn need_text(&mut self, name: &str) -> Result<String, String> {
        self.text(name)?.ok_or_else(|| format!("{} is required", self.member(name)))
    }

    /// A text of 1 to `most` characters.
    pub(super) fn short_text(&mut self, name: &str, most: usize) -> Result<Option<String>, String> {
        let text = self.text(name)?;
        match text.as_ref().map(|text| text.chars().count()) {
            Some(chars) if !(1..=most).contains(&chars) => {
                Err(format!("{} must have 1 to {most} characters", self.member(name)))
            }
            _ => Ok(text),
        }
    }

    pub(super) fn flag(&mut self, name: &str) -> Result<bool, String> {
        match self.take(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(_) => Err(format!("{} must be true or false", self.member(name))),
        }
    }

    /// The member `name`, or the expression of `name.$`.
    pub(super) fn template(&mut self, name: &str, place: Place) -> Result<Option<Template>, String> {
        let dollar = format!("{name}.$");
        let (plain, expression) = (self.members.remove(name), self.members.remove(&dollar));
        let (key, value) = match (plain, expression) {
            (Some(_), Some(_)) => {
                return Err(format!("{} is there twice, plain and with .$", self.member(name)));
            }
            (Some(plain), None) => (name.to_owned(), plain),
            (None, Some(expression)) => (dollar, expression),
            (None, None) => return Ok(None),
        };
        Template::read_member(&self.at, key, value, place).map(|(_, template)| Some(template))
    }

    /// A constructor: an object with expressions.
    pub(super) fn constructor(&mut self, name: &str, place: Place) -> Result<Option<Template>, String> {
        match self.take(name) {
            None => Ok(None),
            Some(value @ Value::Object(_)) => Template::read(&self.member(name), value, place).map(Some),
            Some(_) => Err(format!("{} must be an object", self.member(name))),
        }
    }

    pub(super) fn end(self) -> Result<(), String> {
        match self.members.keys().next() {
            Some(name) => Err(unsupported(&self.member(name))),
            None => Ok(()),
        }
    }

    fn member(&self, name: &str) -> String {
        if self.at.is_empty() { name.to_owned() } else { format!("{}.{name}", self.at) }
    }
}
