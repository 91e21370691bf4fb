//! A template with its parameters applied: the resources of the stack.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::intrinsics::Intrinsics;
use super::parameters::Parameters;
use super::unknown::Unknown;
use super::value::{list, size, text};
use super::view::View;
use super::yaml;

pub(super) struct Template {
    pub(super) resources: BTreeMap<String, Resource>,
    pub(super) unknown: Unknown,
    /// Unknown facts about functions that are not checked.
    pub(super) ignored: Unknown,
}

pub(super) struct Resource {
    pub(super) name: String,
    pub(super) kind: String,
    /// SAM's `Metadata.BuildMethod` and `Metadata.BuildProperties.Binary`.
    pub(super) build_method: String,
    pub(super) binary: String,
    properties: Value,
    unknown: Unknown,
}

pub(super) const SAM_FUNCTION: &str = "AWS::Serverless::Function";
/// CloudFormation's quotas for a template.
const MAX_BYTES: usize = 1024 * 1024;
const MAX_RESOURCES: usize = 500;
/// Resources that are templates themselves.
const NESTED_TEMPLATES: [&str; 2] = ["AWS::CloudFormation::Stack", "AWS::Serverless::Application"];
/// Transforms that leave the properties as they are written.
const TRANSFORMS: [&str; 3] =
    ["AWS::Serverless-2016-10-31", "AWS::LanguageExtensions", "AWS::SecretsManager-2020-07-23"];

/// The beginnings of the types that checks read.
const SERVICES_READ: [&str; 12] = [
    "AWS::DynamoDB::",
    "AWS::Events::",
    "AWS::IAM::",
    "AWS::KMS::",
    "AWS::Lambda::",
    "AWS::Pipes::",
    "AWS::SNS::",
    "AWS::SQS::",
    "AWS::Scheduler::",
    "AWS::SecretsManager::",
    "AWS::Serverless::",
    "AWS::StepFunctions::",
];

impl Template {
    pub(super) fn read(text: &str, parameters: &[(String, String)]) -> Result<Self, String> {
        if text.len() > MAX_BYTES {
            return Err(format!("{} bytes, expected at most {MAX_BYTES} (CloudFormation quota)", text.len()));
        }
        let document = yaml::read(text)?;
        let template = document.value;
        if let Some(other) = other_format(&template) {
            return Err(format!("{other}, expected a SAM or CloudFormation template"));
        }
        let listed = template["Resources"].as_object().ok_or("Resources: not set, expected an object")?;
        if listed.len() > MAX_RESOURCES {
            let count = listed.len();
            return Err(format!(
                "{count} resources, expected at most {MAX_RESOURCES} (CloudFormation quota)"
            ));
        }
        let unknown = Unknown::default();
        for (line, key) in document.repeated {
            unknown.add(
                &format!("line {line}"),
                &format!("the key {key} is repeated, and its last value counts"),
            );
        }
        for name in macros(&template) {
            unknown.add("Transform", &format!("the macro {name} may change the template"));
        }
        let intrinsics = Intrinsics::new(&template, Parameters::read(&template, parameters)?);
        let resources = resources(listed, &template["Globals"]["Function"], intrinsics, &unknown);
        Ok(Self { resources, unknown, ignored: Unknown::default() })
    }

    pub(super) fn of_kind<'t>(&'t self, kind: &'t str) -> impl Iterator<Item = &'t Resource> {
        self.resources.values().filter(move |resource| resource.kind == kind)
    }
}

impl Resource {
    pub(super) fn view(&self) -> View<'_> {
        View { label: self.name.clone(), value: &self.properties, unknown: &self.unknown }
    }
}

fn resources(
    listed: &Map<String, Value>,
    globals: &Value,
    mut intrinsics: Intrinsics,
    unknown: &Unknown,
) -> BTreeMap<String, Resource> {
    let mut resources = BTreeMap::new();
    for (name, resource) in listed {
        let kind = resource["Type"].as_str().unwrap_or_default().to_owned();
        match resource["Condition"].as_str().map(|condition| intrinsics.holds(condition)) {
            Some(Ok(false)) => continue,
            Some(Err(reason)) if SERVICES_READ.iter().any(|service| kind.starts_with(service)) => {
                unknown.add(name, &format!("checked as if it existed, but {reason}"));
            }
            Some(Ok(true) | Err(_)) | None => {}
        }
        if name.starts_with("Fn::") || NESTED_TEMPLATES.contains(&&*kind) {
            unknown.add(name, "its resources are those of another template or of a loop");
        }
        let own = &resource["Properties"];
        let properties = if kind == SAM_FUNCTION && intrinsics.allow(size(globals)) {
            merged(globals, own)
        } else {
            own.clone()
        };
        let metadata = &resource["Metadata"];
        let resource = Resource {
            name: name.clone(),
            properties: intrinsics.resolve(&properties).unwrap_or_default(),
            build_method: metadata["BuildMethod"].as_str().unwrap_or_default().to_owned(),
            binary: metadata["BuildProperties"]["Binary"].as_str().unwrap_or_default().to_owned(),
            kind,
            unknown: unknown.clone(),
        };
        resources.insert(name.clone(), resource);
    }
    resources.extend(connectors(listed, unknown));
    if let Some(exceeded) = intrinsics.exceeded() {
        unknown.add("the template", &exceeded);
    }
    resources
}

/// The connectors that stand inside of their source, as resources of their own.
fn connectors(listed: &Map<String, Value>, unknown: &Unknown) -> Vec<(String, Resource)> {
    let of = |(source, resource): (&String, &Value)| {
        let inside = resource["Connectors"].as_object().cloned().unwrap_or_default();
        let own = inside.into_iter().map({
            let source = source.clone();
            move |(name, connector)| (format!("{source}.{name}"), source.clone(), connector)
        });
        own.collect::<Vec<_>>()
    };
    let resource = |(name, source, connector): (String, String, Value)| {
        let properties =
            json!({"Source": {"Id": source}, "Destination": connector["Properties"]["Destination"]});
        let kind = "AWS::Serverless::Connector".to_owned();
        let (build_method, binary) = (String::new(), String::new());
        let unknown = unknown.clone();
        (name.clone(), Resource { name, kind, build_method, binary, properties, unknown })
    };
    listed.iter().flat_map(of).map(resource).collect()
}

/// Names files of other tools, which look alike.
fn other_format(template: &Value) -> Option<&'static str> {
    let has = |name: &str| !template[name].is_null();
    let components = template["resources"].as_object().into_iter().flatten();
    if template["Resources"].is_null() && components.into_iter().any(|(_, one)| one["component"].is_string())
    {
        return Some("a file of Serverless Devs (s.yaml), which doctor does not check");
    }
    if has("ROSTemplateFormatVersion") {
        return Some("a template of Alibaba Cloud's ROS, which doctor does not check");
    }
    let is_framework = template["Resources"].is_null() && has("provider") && has("service");
    is_framework.then_some("a file of the Serverless Framework, which doctor does not check")
}

/// The transforms that may change anything.
fn macros(template: &Value) -> Vec<String> {
    let names = list(&template["Transform"]).into_iter().map(text);
    names.filter(|name| !TRANSFORMS.contains(&&**name)).collect()
}

/// Merges by SAM's rule: maps are merged, lists concatenated, and for other values the function's own value is used.
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

#[cfg(test)]
mod tests;
