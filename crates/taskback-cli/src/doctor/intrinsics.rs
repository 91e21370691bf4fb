//! CloudFormation's intrinsic functions, as far as they can be resolved without an account.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::parameters::Parameters;
use super::value::{OVERHEAD, hole, literal, reason, reason_in, size, text, unknown};

#[derive(Default)]
pub(super) struct Intrinsics {
    parameters: Parameters,
    mappings: Value,
    conditions: Map<String, Value>,
    /// Conditions evaluated so far, with the reason if one is unknown; a condition under evaluation is unknown to itself.
    evaluated: BTreeMap<String, Result<bool, String>>,
    depth: usize,
    /// Bytes of the values resolved so far.
    spent: usize,
}

/// The maximum nesting of conditions, more than any sensible template has.
const MAX_DEPTH: usize = 32;
/// The maximum size of all resolved values, 16 times the largest template that CloudFormation accepts. Each level of
/// nested functions may double a value, so a few hundred bytes could expand to more than fits into memory.
const MAX_RESOLVED: usize = 16 * 1024 * 1024;

impl Intrinsics {
    pub(super) fn new(template: &Value, parameters: Parameters) -> Self {
        let conditions = template["Conditions"].as_object().cloned().unwrap_or_default();
        Self { parameters, mappings: template["Mappings"].clone(), conditions, ..Self::default() }
    }

    /// True if `bytes` more may be resolved. Beyond the maximum every value is unknown, so the work ends.
    pub(super) fn allow(&mut self, bytes: usize) -> bool {
        self.spent = self.spent.saturating_add(bytes);
        self.spent <= MAX_RESOLVED
    }

    /// The limit, if it was reached.
    pub(super) fn exceeded(&self) -> Option<String> {
        (self.spent > MAX_RESOLVED).then(|| format!("the values beyond the first {MAX_RESOLVED} bytes"))
    }

    /// Resolves a value; `None` = `AWS::NoValue`.
    pub(super) fn resolve(&mut self, value: &Value) -> Option<Value> {
        let own = OVERHEAD + value.as_str().map_or(0, str::len);
        if !self.allow(own) {
            return Some(too_large());
        }
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
            Value::String(text) => Value::String(literal(text)),
            plain => plain.clone(),
        })
    }

    /// Evaluates a condition. An error is the reason why it is unknown.
    pub(super) fn holds(&mut self, condition: &str) -> Result<bool, String> {
        if let Some(holds) = self.evaluated.get(condition) {
            return holds.clone();
        }
        let unresolved = || Err(format!("the condition {condition} is unknown"));
        let Some(definition) = self.conditions.get(condition).cloned() else {
            return Err(format!("the condition {condition} is not in the template"));
        };
        if self.depth == MAX_DEPTH {
            return unresolved();
        }
        self.evaluated.insert(condition.to_owned(), unresolved());
        self.depth += 1;
        let holds = self.evaluate(&definition);
        self.depth -= 1;
        let holds = holds.map_err(|reason| match reason {
            reason if reason.starts_with("the condition") => reason,
            reason => format!("the condition {condition} is unknown: {reason}"),
        });
        self.evaluated.insert(condition.to_owned(), holds.clone());
        holds
    }

    fn evaluate(&mut self, condition: &Value) -> Result<bool, String> {
        let invalid = || "it is not a condition function".to_owned();
        let (name, argument) = condition.as_object().and_then(|of| of.iter().next()).ok_or_else(invalid)?;
        let many = argument.as_array().map(Vec::as_slice).unwrap_or_default();
        match (name.as_str(), many) {
            ("Condition", _) => self.holds(argument.as_str().ok_or_else(invalid)?),
            ("Fn::Not", [one]) => Ok(!self.evaluate(one)?),
            // One false member decides an "and", and one true member an "or", whatever the others are.
            ("Fn::And", many) => self.any(many, false).map(|found| !found),
            ("Fn::Or", many) => self.any(many, true),
            ("Fn::Equals", [one, other]) => {
                let [one, other] = [one, other].map(|side| self.resolve(side).unwrap_or_default());
                let [one, other] = [one, other].map(|side| (text(&side), reason(&side).map(str::to_owned)));
                match (one, other) {
                    ((_, Some(reason)), _) | (_, (_, Some(reason))) => Err(reason),
                    ((one, _), (other, _)) if one == other => Ok(true),
                    // References are not resolved here, among them the account's own region.
                    ((one, _), (other, _)) if one.contains("${") || other.contains("${") => {
                        Err(format!("it compares {one} with {other}"))
                    }
                    _ => Ok(false),
                }
            }
            _ => Err(invalid()),
        }
    }

    fn any(&mut self, many: &[Value], wanted: bool) -> Result<bool, String> {
        let mut result = Ok(false);
        for one in many {
            match self.evaluate(one) {
                Ok(holds) if holds == wanted => return Ok(true),
                Ok(_) => {}
                Err(reason) => result = Err(reason),
            }
        }
        result
    }

    fn call(&mut self, name: &str, argument: &Value) -> Option<Value> {
        let many = argument.as_array().map(Vec::as_slice).unwrap_or_default();
        Some(match (name, many) {
            ("Ref", _) if argument == "AWS::NoValue" => return None,
            ("Ref", _) => self.reference(argument.as_str().unwrap_or_default()),
            ("Fn::GetAtt", [resource, attribute]) if resource.is_string() => {
                let attribute = self.resolve(attribute).unwrap_or_default();
                Value::String(format!("${{{}.{}}}", text(resource), text(&attribute)))
            }
            ("Fn::GetAtt", _) if argument.is_string() => Value::String(format!("${{{}}}", text(argument))),
            ("Fn::If", [condition, yes, no]) => {
                match self.holds(condition.as_str().unwrap_or_default()) {
                    Ok(true) => return self.resolve(yes),
                    Ok(false) => return self.resolve(no),
                    // With equal branches the condition does not matter.
                    Err(_) if yes == no => return self.resolve(yes),
                    Err(reason) => unknown(&reason),
                }
            }
            ("Fn::Sub", [pattern, names]) => self.substitute(pattern, names),
            ("Fn::Sub", _) => self.substitute(argument, &Value::Null),
            ("Fn::FindInMap", [map, first, second, rest @ ..]) => {
                return self.find([map, first, second], rest.first());
            }
            ("Fn::Join", [separator, parts]) => {
                let parts = self.resolve(parts).unwrap_or_default();
                self.join(&text(separator), &parts)
            }
            ("Fn::Select", [index, items]) => {
                let index = self.resolve(index).and_then(|index| text(&index).parse::<usize>().ok());
                let items = self.resolve(items).unwrap_or_default();
                let item = index.and_then(|index| items.get(index).cloned());
                item.unwrap_or_else(|| unknown(reason(&items).unwrap_or("the value of Fn::Select")))
            }
            ("Fn::Split", [separator, whole]) => {
                let (separator, whole) = (text(separator), self.resolve(whole).unwrap_or_default());
                let whole_text = text(&whole);
                match reason(&whole) {
                    Some(reason) => unknown(reason),
                    // A reference has parts of its own.
                    None if whole_text.contains("${") || separator.is_empty() => {
                        unknown(&format!("Fn::Split of {whole_text}"))
                    }
                    None if !self.allow(whole_text.len().saturating_mul(OVERHEAD)) => too_large(),
                    None => whole_text.split(&*separator).collect(),
                }
            }
            ("Fn::ImportValue", _) => {
                let export = self.resolve(argument).unwrap_or_default();
                unknown(&format!("Fn::ImportValue of {}", text(&export)))
            }
            _ => unknown(&format!("the value of {name}")),
        })
    }

    fn reference(&mut self, name: &str) -> Value {
        match self.parameters.get(name) {
            Some(value) => {
                let (value, bytes) = (value.clone(), size(value));
                if self.allow(bytes) { value } else { too_large() }
            }
            None => Value::String(format!("${{{name}}}")),
        }
    }

    fn find(&mut self, keys: [&Value; 3], options: Option<&Value>) -> Option<Value> {
        let keys = keys.map(|key| self.resolve(key).unwrap_or_default());
        let [map, first, second] = keys.each_ref().map(text);
        let found = self.mappings.get(&map).and_then(|map| map.get(&first)?.get(&second)).cloned();
        match (found, options.and_then(|options| options.get("DefaultValue"))) {
            (Some(found), _) => self.resolve(&found),
            (None, Some(default)) => self.resolve(default),
            (None, None) => {
                let cause = keys.iter().find_map(|key| reason(key)).map(|reason| format!(": {reason}"));
                Some(unknown(&format!("an entry of the mapping {map}{}", cause.unwrap_or_default())))
            }
        }
    }

    fn join(&mut self, separator: &str, parts: &Value) -> Value {
        let Value::Array(parts) = parts else {
            return unknown(reason(parts).unwrap_or("the value of Fn::Join"));
        };
        let parts: Vec<_> = parts.iter().map(text).collect();
        if !self.allow(parts.iter().map(|part| part.len().saturating_add(separator.len())).sum()) {
            return too_large();
        }
        Value::String(parts.join(separator))
    }

    /// Substitutes the known names of a text; the others stay.
    fn substitute(&mut self, pattern: &Value, names: &Value) -> Value {
        let pattern = text(pattern);
        let mut rest_of_text = &*pattern;
        let mut result = String::new();
        while let Some((before, rest)) = rest_of_text.split_once("${") {
            let Some((name, after)) = rest.split_once('}') else { break };
            let name = name.trim();
            let value = match names.get(name) {
                Some(value) => self.resolve(value).unwrap_or_default(),
                None => self.parameters.get(name).cloned().unwrap_or_default(),
            };
            let value = if value.is_null() { format!("${{{name}}}") } else { text(&value) };
            if !self.allow(before.len() + value.len()) {
                return too_large();
            }
            result.extend([before, &value]);
            rest_of_text = after;
        }
        // Text that is unknown for its size stays so, whatever surrounds it.
        if reason_in(&result) == Some(TOO_LARGE) {
            return too_large();
        }
        Value::String(result + rest_of_text)
    }
}

const TOO_LARGE: &str = "the template's values are too large";

fn too_large() -> Value {
    Value::String(hole(TOO_LARGE))
}

fn is_function(name: &str) -> bool {
    name == "Ref" || name.starts_with("Fn::")
}
