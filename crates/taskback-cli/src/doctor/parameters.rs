//! The parameters of a template, with the values that they are deployed with.

use std::collections::BTreeMap;

use serde_json::Value;

use super::value::{literal, unknown};

#[derive(Default)]
pub(super) struct Parameters(BTreeMap<String, Value>);

impl Parameters {
    /// Reads the parameters and their defaults. A given value counts more; `AWS::Region` and the like may be given too.
    pub(super) fn read(template: &Value, given: &[(String, String)]) -> Result<Self, String> {
        let mut parameters = BTreeMap::new();
        for (name, parameter) in template["Parameters"].as_object().into_iter().flatten() {
            let kind = parameter["Type"].as_str().unwrap_or_default();
            let given = given.iter().rfind(|(other, _)| other == name).map(|(_, value)| value.as_str());
            let default = parameter["Default"].clone();
            let value = match given {
                Some(value) => Value::String(literal(value)),
                // The default is the name of a stored parameter, not its value.
                None if kind.starts_with("AWS::SSM::Parameter::Value<") => {
                    unknown(&format!("the parameter {name} is stored in SSM: --parameter {name}=…"))
                }
                None if default.is_null() => {
                    unknown(&format!("the parameter {name} has no default: --parameter {name}=…"))
                }
                None => default.as_str().map_or(default.clone(), |text| Value::String(literal(text))),
            };
            parameters.insert(name.clone(), split(kind, value));
        }
        for (name, value) in given {
            if name.starts_with("AWS::") && name != "AWS::NoValue" {
                parameters.insert(name.clone(), Value::String(literal(value)));
            } else if !parameters.contains_key(name) {
                return Err(format!("--parameter {name}: unknown, expected a parameter of the template"));
            }
        }
        Ok(Self(parameters))
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }
}

/// A parameter of a list type is written with commas.
fn split(kind: &str, value: Value) -> Value {
    match &value {
        Value::String(text)
            if (kind == "CommaDelimitedList" || kind.contains("List<")) && !text.contains("${?") =>
        {
            text.split(',').map(str::trim).collect()
        }
        _ => value,
    }
}
