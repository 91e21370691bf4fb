//! References to resources: by logical name, by physical name or by ARN, through aliases and versions of functions.

use serde_json::Value;

use super::template::{Resource, SAM_FUNCTION, Template};
use super::value::{arn, reason_in, references, text};
use super::view::Known;

/// A kind of resource that others refer to: its types, and the property with its physical name.
pub(super) struct Kind {
    pub(super) types: &'static [&'static str],
    pub(super) name: &'static str,
}

pub(super) const FUNCTION: Kind =
    Kind { types: &[SAM_FUNCTION, "AWS::Lambda::Function"], name: "FunctionName" };
pub(super) const QUEUE: Kind = Kind { types: &["AWS::SQS::Queue"], name: "QueueName" };
pub(super) const TABLE: Kind = Kind {
    types: &["AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable", "AWS::Serverless::SimpleTable"],
    name: "TableName",
};
pub(super) const ROLE: Kind = Kind { types: &["AWS::IAM::Role"], name: "RoleName" };
pub(super) const MANAGED_POLICY: Kind =
    Kind { types: &["AWS::IAM::ManagedPolicy"], name: "ManagedPolicyName" };
pub(super) const KEY: Kind = Kind { types: &["AWS::KMS::Key"], name: "" };
pub(super) const SECRET: Kind = Kind { types: &["AWS::SecretsManager::Secret"], name: "Name" };

/// Resources that stand for another one, and the property that names it.
const STANDS_FOR: [(&str, &str); 3] = [
    ("AWS::Lambda::Alias", "FunctionName"),
    ("AWS::Lambda::Version", "FunctionName"),
    ("AWS::KMS::Alias", "TargetKeyId"),
];

/// The maximum length of a chain of aliases.
const MAX_ALIASES: usize = 4;

pub(super) enum Found<'t> {
    Here(&'t Resource),
    /// A resource of the template that is of another kind.
    Other(&'t Resource),
    /// Not found, with the reason.
    Unknown(String),
}

impl<'t> Found<'t> {
    pub(super) fn into_resource(self) -> Option<&'t Resource> {
        match self {
            Self::Here(resource) => Some(resource),
            Self::Other(_) | Self::Unknown(_) => None,
        }
    }
}

/// Finds a resource of a kind by a resolved value.
pub(super) fn find<'t>(template: &'t Template, value: &Value, kind: &Kind) -> Found<'t> {
    find_text(template, &text(value), kind)
}

pub(super) fn find_text<'t>(template: &'t Template, text: &str, kind: &Kind) -> Found<'t> {
    let mut text = text.to_owned();
    for _ in 0..MAX_ALIASES {
        let Some(found) = logical(&text).and_then(|name| template.resources.get(name)) else { break };
        if kind.types.contains(&&*found.kind) {
            return Found::Here(found);
        }
        let Some((_, property)) = STANDS_FOR.iter().find(|(of, _)| *of == found.kind) else {
            return Found::Other(found);
        };
        match found.view().text(&[property]) {
            Some(next) => text = next,
            None => break,
        }
    }
    if let Some(reason) = reason_in(&text) {
        return Found::Unknown(reason.to_owned());
    }
    match by_physical_name(template, &text, kind) {
        Some(found) => Found::Here(found),
        None => Found::Unknown(format!("{} is not in the template", shown(&text))),
    }
}

/// The logical name in a reference: alone, as the last part of an ARN or a URL, or with a function's qualifier.
pub(super) fn logical(text: &str) -> Option<&str> {
    references(text).find_map(|(before, name, after)| {
        let begins = before.is_empty() || before.ends_with([':', '/']);
        let ends = after.is_empty() || (after.starts_with(':') && !after[1..].contains([':', '/']));
        (begins && ends).then_some(name)
    })
}

/// A reference as people write it.
pub(super) fn shown(text: &str) -> String {
    match logical(text) {
        Some(name) if text.starts_with("${") => name.to_owned(),
        _ => text.chars().take(200).collect(),
    }
}

fn by_physical_name<'t>(template: &'t Template, text: &str, kind: &Kind) -> Option<&'t Resource> {
    // A function may be qualified, so any part of the resource's name may be the whole name.
    let own = arn(text).map_or_else(|| text.to_owned(), |[.., own]| own);
    let names: Vec<_> = own.split([':', '/']).collect();
    let all = kind.types.iter().flat_map(|of| template.of_kind(of));
    let mut named = all.filter(|resource| match resource.view().peek(&[kind.name]) {
        Known::Is(own) => own.as_str().is_some_and(|own| names.contains(&own)),
        _ => false,
    });
    named.next()
}
