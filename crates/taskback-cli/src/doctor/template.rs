//! A template with its parameters filled in: the resources that there will be.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::intrinsics::{Intrinsics, text};
use super::yaml;

pub(super) struct Template {
    pub(super) resources: BTreeMap<String, Resource>,
    /// What could not be worked out.
    pub(super) unknown: BTreeSet<String>,
}

pub(super) struct Resource {
    pub(super) kind: String,
    pub(super) properties: Value,
    /// How SAM builds it: `Metadata.BuildMethod` and `Metadata.BuildProperties.Binary`.
    pub(super) build_method: String,
    pub(super) binary: String,
}

pub(super) const SAM_FUNCTION: &str = "AWS::Serverless::Function";
pub(super) const LAMBDA_FUNCTION: &str = "AWS::Lambda::Function";
/// Templates within the template.
const ELSEWHERE: [&str; 2] = ["AWS::CloudFormation::Stack", "AWS::Serverless::Application"];
pub(super) const QUEUE: &str = "AWS::SQS::Queue";

impl Template {
    pub(super) fn read(text: &str, parameters: &[(String, String)]) -> Result<Self, String> {
        let template = yaml::read(text)?;
        let listed = template["Resources"].as_object().ok_or("it has no Resources")?;
        let mut intrinsics = Intrinsics::new(&template, parameters)?;
        let globals = &template["Globals"]["Function"];
        let mut resources = BTreeMap::new();
        for (name, resource) in listed {
            let condition = resource["Condition"].as_str();
            if condition.is_some_and(|condition| intrinsics.holds(condition) == Some(false)) {
                continue;
            }
            let kind = resource["Type"].as_str().unwrap_or_default().to_owned();
            if name.starts_with("Fn::") || ELSEWHERE.contains(&&*kind) {
                intrinsics.unknown.insert(format!("the resources that {name} makes"));
            }
            let own = &resource["Properties"];
            let properties = if kind == SAM_FUNCTION { merged(globals, own) } else { own.clone() };
            let metadata = &resource["Metadata"];
            resources.insert(
                name.clone(),
                Resource {
                    properties: intrinsics.resolve(&properties).unwrap_or_default(),
                    build_method: metadata["BuildMethod"].as_str().unwrap_or_default().to_owned(),
                    binary: metadata["BuildProperties"]["Binary"].as_str().unwrap_or_default().to_owned(),
                    kind,
                },
            );
        }
        Ok(Self { resources, unknown: intrinsics.unknown })
    }

    pub(super) fn of_kind<'t>(&'t self, kind: &'t str) -> impl Iterator<Item = (&'t str, &'t Resource)> {
        self.resources
            .iter()
            .filter(move |(_, resource)| resource.kind == kind)
            .map(|(name, resource)| (&**name, resource))
    }

    pub(super) fn get(&self, name: &str, kind: &str) -> Option<&Resource> {
        self.resources.get(name).filter(|resource| resource.kind == kind)
    }
}

impl Resource {
    /// A property by its path; null where it is absent or not known.
    pub(super) fn at(&self, path: &[&str]) -> &Value {
        path.iter().fold(&self.properties, |value, name| &value[*name])
    }
}

/// SAM's rule: maps are merged, lists added, and else a function's own value counts.
fn merged(globals: &Value, own: &Value) -> Value {
    match (globals, own) {
        (Value::Null, own) => own.clone(),
        (globals, Value::Null) => globals.clone(),
        (Value::Object(globals), Value::Object(own)) => {
            let mut members: Map<String, Value> = globals.clone();
            for (key, value) in own {
                let member = merged(globals.get(key).unwrap_or(&Value::Null), value);
                members.insert(key.clone(), member);
            }
            Value::Object(members)
        }
        (Value::Array(globals), Value::Array(own)) => globals.iter().chain(own).cloned().collect(),
        (_, own) => own.clone(),
    }
}

/// A number, also where it is written as a text.
pub(super) fn number(value: &Value) -> Option<f64> {
    text(value).parse().ok()
}

/// A value that is a list or stands for a list of one.
pub(super) fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().collect(),
        one => vec![one],
    }
}

#[cfg(test)]
mod tests;
