//! Properties as the checks read them: what is asked for and unknown is listed as such.

use serde_json::Value;

use super::unknown::Unknown;
use super::value::{reason, text};

/// An object of the template, or a part of one, with its place.
#[derive(Clone, Debug)]
pub(super) struct View<'t> {
    /// The resource and the path of the property, as in `Tasks.RedrivePolicy`.
    pub(super) label: String,
    pub(super) value: &'t Value,
    pub(super) unknown: &'t Unknown,
}

pub(super) enum Known<'t> {
    Absent,
    Is(&'t Value),
    Unknown(String),
}

impl<'t> View<'t> {
    /// Reads a property without listing it as unknown.
    pub(super) fn peek(&self, path: &[&str]) -> Known<'t> {
        let mut value = self.value;
        for name in path {
            if let Some(reason) = reason(value) {
                return Known::Unknown(reason.to_owned());
            }
            match value {
                Value::Object(members) => match members.get(*name) {
                    Some(member) => value = member,
                    None => return Known::Absent,
                },
                Value::Null => return Known::Absent,
                _ => return Known::Unknown(format!("invalid value, expected an object with {name}")),
            }
        }
        match reason(value) {
            Some(reason) => Known::Unknown(reason.to_owned()),
            None if value.is_null() => Known::Absent,
            None => Known::Is(value),
        }
    }

    /// Returns a property that is set and known.
    pub(super) fn get(&self, path: &[&str]) -> Option<&'t Value> {
        match self.peek(path) {
            Known::Absent => None,
            Known::Is(value) => Some(value),
            Known::Unknown(reason) => {
                self.note(path, &reason);
                None
            }
        }
    }

    /// True if a property is absent, so that its default counts.
    pub(super) fn lacks(&self, path: &[&str]) -> bool {
        matches!(self.peek(path), Known::Absent)
    }

    pub(super) fn text(&self, path: &[&str]) -> Option<String> {
        self.get(path).map(text)
    }

    /// Returns a number, which may be written as text; `None` = unknown.
    pub(super) fn number(&self, path: &[&str], default: f64) -> Option<f64> {
        if self.lacks(path) {
            return Some(default);
        }
        let value = self.get(path)?;
        let number = text(value).parse().ok().filter(|number: &f64| number.is_finite());
        if number.is_none() {
            self.note(path, "invalid value, expected a number");
        }
        number
    }

    /// Returns a flag, which is false by default and may be written as text; `None` = unknown.
    pub(super) fn flag(&self, path: &[&str]) -> Option<bool> {
        if self.lacks(path) {
            return Some(false);
        }
        let flag = text(self.get(path)?).to_ascii_lowercase().parse().ok();
        if flag.is_none() {
            self.note(path, "invalid value, expected true or false");
        }
        flag
    }

    /// The items of a list, each with its place; a single value is a list of one. Unknown items are in it.
    pub(super) fn items(&self, path: &[&str]) -> Vec<View<'t>> {
        let label = self.path(path);
        let own = |(index, value)| View { label: format!("{label}.{index}"), value, unknown: self.unknown };
        match self.get(path) {
            Some(Value::Array(items)) => items.iter().enumerate().map(own).collect(),
            Some(one) => vec![View { label, value: one, unknown: self.unknown }],
            None => Vec::new(),
        }
    }

    /// The members of an object, each by its name.
    pub(super) fn members(&self, path: &[&str]) -> Vec<(&'t str, View<'t>)> {
        let members = self.get(path).and_then(Value::as_object).into_iter().flatten();
        let own = |(name, value): (&'t String, &'t Value)| {
            let label = format!("{}.{name}", self.path(path));
            (&**name, View { label, value, unknown: self.unknown })
        };
        members.map(own).collect()
    }

    /// A part, which is null if it is absent.
    pub(super) fn member(&self, name: &str) -> Self {
        let value = self.value.get(name).unwrap_or(&Value::Null);
        Self { label: format!("{}.{name}", self.label), value, unknown: self.unknown }
    }

    /// Lists a property as unknown.
    pub(super) fn note(&self, path: &[&str], reason: &str) {
        self.unknown.add(&self.path(path), reason);
    }

    fn path(&self, path: &[&str]) -> String {
        path.iter().fold(self.label.clone(), |label, name| format!("{label}.{name}"))
    }
}
