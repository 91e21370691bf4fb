//! The policies of queues, keys, tables and secrets themselves.

use std::collections::BTreeMap;

use super::arns::{Match, Target};
use super::names::{Found, KEY, Kind, QUEUE, ROLE, SECRET, find, find_text, logical};
use super::policies::Statement;
use super::template::{Resource, Template};
use super::value::reason;
use super::view::View;

/// The policies by the name of their resource.
pub(super) struct ResourcePolicies(BTreeMap<String, ResourcePolicy>);

#[derive(Default)]
pub(super) struct ResourcePolicy {
    pub(super) statements: Vec<Statement>,
    /// Statements that are unknown.
    pub(super) unknown: Vec<String>,
    is_key: bool,
}

impl ResourcePolicies {
    pub(super) fn new(template: &Template) -> Self {
        let mut policies = Self(BTreeMap::new());
        for resource in template.resources.values() {
            let view = resource.view();
            match &*resource.kind {
                "AWS::SQS::QueuePolicy" => {
                    policies.add_to(template, &view, ("Queues", &QUEUE, "PolicyDocument"))
                }
                "AWS::SQS::QueueInlinePolicy" => {
                    policies.add_to(template, &view, ("Queue", &QUEUE, "PolicyDocument"));
                }
                "AWS::SecretsManager::ResourcePolicy" => {
                    policies.add_to(template, &view, ("SecretId", &SECRET, "ResourcePolicy"));
                }
                "AWS::DynamoDB::Table" => {
                    policies
                        .add(Some(&resource.name), &view.member("ResourcePolicy").member("PolicyDocument"));
                }
                _ => policies.add_key(resource, &view),
            }
        }
        policies
    }

    pub(super) fn get(&self, target: &Target) -> Option<&ResourcePolicy> {
        self.0.get(target.logical.as_ref()?)
    }

    /// Adds a policy to the resources that it names.
    fn add_to(&mut self, template: &Template, view: &View<'_>, (of, kind, document): (&str, &Kind, &str)) {
        for named in view.items(&[of]) {
            match find(template, named.value, kind) {
                Found::Here(resource) => self.add(Some(&resource.name), &view.member(document)),
                Found::Unknown(why) if reason(named.value).is_some() => named.note(&[], &why),
                // A resource that no function of the template uses.
                Found::Other(_) | Found::Unknown(_) => {}
            }
        }
    }

    /// Without a policy of its own, a key has one that leaves all to the account.
    fn add_key(&mut self, resource: &Resource, view: &View<'_>) {
        if KEY.types.contains(&&*resource.kind) && !view.lacks(&["KeyPolicy"]) {
            self.add(Some(&resource.name), &view.member("KeyPolicy"));
            self.0.entry(resource.name.clone()).or_default().is_key = true;
        }
    }

    fn add(&mut self, name: Option<&str>, document: &View<'_>) {
        let Some(name) = name.filter(|_| !document.value.is_null()) else { return };
        let (statements, unknown) = Statement::read(document);
        let policy = self.0.entry(name.to_owned()).or_default();
        policy.statements.extend(statements);
        policy.unknown.extend(unknown);
    }
}

impl ResourcePolicy {
    /// True if the policies of roles count: a key's own policy must leave it to the account.
    pub(super) fn is_delegated(&self, action: &str, target: &Target) -> bool {
        let leaves = |statement: &Statement| {
            !statement.is_deny
                && statement.principals.as_ref().is_some_and(|all| all.any(is_account) != Match::No)
                && statement.covers(action, target) != Match::No
        };
        !self.is_key || !self.unknown.is_empty() || self.statements.iter().any(leaves)
    }
}

/// True if a statement is about a role.
pub(super) fn is_about(template: &Template, statement: &Statement, role: &str) -> Match {
    let is_role = |principal: &str| {
        let found = find_text(template, principal, &ROLE).into_resource();
        logical(principal) == Some(role) || found.is_some_and(|found| found.name == role)
    };
    let is_it = |principal: &str| match principal {
        "*" => Match::Yes,
        // It denies all of an account's roles, but leaves what they are allowed to their own policies.
        _ if is_account(principal) == Match::Yes && statement.is_deny => Match::Yes,
        _ if is_account(principal) == Match::Yes => Match::No,
        _ if principal.starts_with("${?") => Match::Maybe,
        _ if is_role(principal) => Match::Yes,
        _ => Match::No,
    };
    statement.principals.as_ref().map_or(Match::No, |all| all.any(is_it))
}

fn is_account(principal: &str) -> Match {
    let is_id = principal.len() == 12 && principal.bytes().all(|byte| byte.is_ascii_digit());
    if is_id || principal == "${AWS::AccountId}" || principal.ends_with(":root") {
        Match::Yes
    } else {
        Match::No
    }
}
