//! CloudFormation's functions, as far as they can be worked out without an account.
//!
//! A reference to a resource becomes the text that `Fn::Sub` would have for it, `${Name}` or
//! `${Name.Attribute}`; what cannot be known becomes null, and why is remembered.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

#[derive(Default)]
pub(super) struct Intrinsics {
    /// By name; null = there is no default and nobody gave a value.
    parameters: BTreeMap<String, Value>,
    mappings: Value,
    conditions: Map<String, Value>,
    pub(super) unknown: BTreeSet<String>,
    /// Conditions that were asked for; one that is still being worked out is not known to itself.
    held: BTreeMap<String, Option<bool>>,
    depth: usize,
}

/// More conditions within one another than anybody writes.
const MOST_DEPTH: usize = 32;

impl Intrinsics {
    pub(super) fn new(template: &Value, given: &[(String, String)]) -> Result<Self, String> {
        let mut parameters = BTreeMap::new();
        for (name, parameter) in template["Parameters"].as_object().into_iter().flatten() {
            parameters.insert(name.clone(), parameter["Default"].clone());
        }
        for (name, value) in given {
            let parameter = parameters.get_mut(name).ok_or_else(|| format!("it has no parameter {name}"))?;
            *parameter = Value::String(value.clone());
        }
        let conditions = template["Conditions"].as_object().cloned().unwrap_or_default();
        Ok(Self { parameters, mappings: template["Mappings"].clone(), conditions, ..Self::default() })
    }

    /// `None` = `AWS::NoValue`.
    pub(super) fn resolve(&mut self, value: &Value) -> Option<Value> {
        Some(match value {
            Value::Array(items) => items.iter().filter_map(|item| self.resolve(item)).collect(),
            Value::Object(members) => match members.iter().next() {
                Some((name, argument)) if members.len() == 1 && is_function(name) => {
                    return self.call(name, argument);
                }
                _ => {
                    let resolved =
                        members.iter().filter_map(|(key, value)| Some((key.clone(), self.resolve(value)?)));
                    Value::Object(resolved.collect())
                }
            },
            plain => plain.clone(),
        })
    }

    /// `None` = not known.
    pub(super) fn holds(&mut self, condition: &str) -> Option<bool> {
        if let Some(held) = self.held.get(condition) {
            return *held;
        }
        let stands = self.conditions.get(condition)?.clone();
        if self.depth == MOST_DEPTH {
            return None;
        }
        self.held.insert(condition.to_owned(), None);
        self.depth += 1;
        let holds = self.truth(&stands);
        self.depth -= 1;
        self.held.insert(condition.to_owned(), holds);
        holds
    }

    fn truth(&mut self, condition: &Value) -> Option<bool> {
        let (name, argument) = condition.as_object()?.iter().next()?;
        let many = argument.as_array().map(Vec::as_slice).unwrap_or_default();
        match (name.as_str(), many) {
            ("Condition", _) => self.holds(argument.as_str()?),
            ("Fn::Not", [one]) => Some(!self.truth(one)?),
            ("Fn::And", many) => {
                many.iter().map(|one| self.truth(one)).try_fold(true, |all, one| Some(all & one?))
            }
            ("Fn::Or", many) => {
                many.iter().map(|one| self.truth(one)).try_fold(false, |any, one| Some(any | one?))
            }
            ("Fn::Equals", [one, other]) => {
                let (one, other) = (self.resolve(one)?, self.resolve(other)?);
                // A reference is not worked out here, the account's own region among them.
                let is_known = |value: &Value| !value.is_null() && !text(value).contains("${");
                (is_known(&one) && is_known(&other)).then(|| text(&one) == text(&other))
            }
            _ => None,
        }
    }

    fn call(&mut self, name: &str, argument: &Value) -> Option<Value> {
        let many = argument.as_array().map(Vec::as_slice).unwrap_or_default();
        match (name, many) {
            ("Ref", _) if argument == "AWS::NoValue" => None,
            ("Ref", _) => Some(self.reference(argument.as_str().unwrap_or_default())),
            ("Fn::GetAtt", [resource, attribute]) => {
                Some(Value::String(format!("${{{}.{}}}", text(resource), text(attribute))))
            }
            ("Fn::If", [condition, yes, no]) => {
                let condition = condition.as_str().unwrap_or_default();
                match self.holds(condition) {
                    Some(true) => self.resolve(yes),
                    Some(false) => self.resolve(no),
                    None => Some(self.unknown(format!("the condition {condition}"))),
                }
            }
            ("Fn::Sub", [pattern, names]) => Some(self.substitute(pattern, names)),
            ("Fn::Sub", _) => Some(self.substitute(argument, &Value::Null)),
            ("Fn::FindInMap", [map, first, second, ..]) => {
                let [map, first, second] =
                    [map, first, second].map(|key| self.resolve(key).unwrap_or_default());
                let found = self.mappings[text(&map)][text(&first)][text(&second)].clone();
                Some(if found.is_null() {
                    self.unknown(format!("an entry of the mapping {}", text(&map)))
                } else {
                    found
                })
            }
            ("Fn::Join", [Value::String(by), Value::Array(parts)]) => {
                let parts: Vec<_> = parts.iter().filter_map(|part| self.resolve(part)).collect();
                Some(match parts.iter().any(Value::is_null) {
                    true => Value::Null,
                    false => Value::String(parts.iter().map(text).collect::<Vec<_>>().join(by)),
                })
            }
            _ => Some(self.unknown(format!("the value of {name}"))),
        }
    }

    fn reference(&mut self, name: &str) -> Value {
        match self.parameters.get(name) {
            Some(Value::Null) => {
                self.unknown(format!("the parameter {name}, which has no default: --parameter {name}=…"))
            }
            Some(value) => value.clone(),
            None => Value::String(format!("${{{name}}}")),
        }
    }

    /// What cannot be known in a text stays as it stands there.
    fn substitute(&mut self, pattern: &Value, names: &Value) -> Value {
        let mut text_left = text(pattern);
        let mut done = String::new();
        while let Some((before, rest)) = text_left.split_once("${") {
            let Some((name, after)) = rest.split_once('}') else { break };
            let value = match names.get(name) {
                Some(value) => self.resolve(value).unwrap_or_default(),
                None => self.parameters.get(name).cloned().unwrap_or_default(),
            };
            let value = if value.is_null() { format!("${{{name}}}") } else { text(&value) };
            done.extend([before, &value]);
            text_left = after.to_owned();
        }
        Value::String(done + &text_left)
    }

    fn unknown(&mut self, what: String) -> Value {
        self.unknown.insert(what);
        Value::Null
    }
}

fn is_function(name: &str) -> bool {
    name == "Ref" || name.starts_with("Fn::")
}

/// A scalar as text: CloudFormation takes `"30"` for 30 and the other way round.
pub(super) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The resource that a resolved value refers to.
pub(super) fn target(value: &Value) -> Option<&str> {
    let inside = value.as_str()?.strip_prefix("${")?.strip_suffix('}')?;
    let name = inside.split_once('.').map_or(inside, |(name, _)| name);
    name.chars().all(|c| c.is_ascii_alphanumeric()).then_some(name)
}
