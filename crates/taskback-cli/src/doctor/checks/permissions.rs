//! Checks of permissions: none missing, none broader than needed.

use std::collections::BTreeMap;

use super::needs::{Need, needs};
use crate::doctor::arns::{Match, Target, matches};
use crate::doctor::finding::Finding;
use crate::doctor::function::Function;
use crate::doctor::grants::{Policies, Verdict};
use crate::doctor::policies::Statement;
use crate::doctor::services::SERVICES;
use crate::doctor::template::Template;
use crate::doctor::value::arn;

pub(super) fn check<'t>(
    template: &'t Template,
    policies: &Policies<'t>,
    function: &Function<'t>,
    findings: &mut Vec<Finding>,
) {
    let grants = match policies.get(function) {
        Ok(grants) => grants,
        Err(reason) => {
            let reason = format!("{reason}, so the permissions are not known");
            return function.view.note(&["Role"], &reason);
        }
    };
    let mut missing: BTreeMap<(Target, &str, String), Vec<&str>> = BTreeMap::new();
    let mut unknown: BTreeMap<(Target, String), Vec<&str>> = BTreeMap::new();
    for Need { action, target, consequence } in needs(template, function) {
        match policies.verdict(&grants, action, &target) {
            Verdict::Allowed => {}
            Verdict::Missing => {
                missing.entry((target, consequence, String::new())).or_default().push(action);
            }
            Verdict::Denied(by) => {
                missing.entry((target, consequence, by)).or_default().push(action);
            }
            Verdict::Unknown(reason) => unknown.entry((target, reason)).or_default().push(action),
        }
    }
    for ((target, reason), actions) in unknown {
        let subject = format!("{} with {} on {}", function.name, actions.join(", "), target.shown);
        template.unknown.add(&subject, &reason);
    }
    for ((target, consequence, denied_by), actions) in missing {
        findings.push(not_allowed(function, &target.shown, &actions.join(", "), (consequence, &denied_by)));
    }
    findings.extend(grants.policies.statements.iter().filter_map(|statement| broad(function, statement)));
}

fn not_allowed(
    function: &Function<'_>,
    target: &str,
    actions: &str,
    (consequence, denied_by): (&str, &str),
) -> Finding {
    if denied_by.is_empty() {
        let reason = format!("missing permission {actions} on {target}: {consequence}");
        let also = if actions.contains("kms:") {
            ", to the function's role and in the key's own policy"
        } else {
            ""
        };
        return Finding::new("TB011", function.name, reason, format!("allow {actions} on {target}{also}"));
    }
    let reason = format!("{denied_by} denies {actions} on {target}: {consequence}");
    let fix =
        format!("remove {denied_by}, or except the function's role from it, and allow {actions} on {target}");
    Finding::new("TB011", function.name, reason, fix)
}

fn broad(function: &Function<'_>, statement: &Statement) -> Option<Finding> {
    if statement.is_implicit || statement.is_deny {
        return None;
    }
    if statement.actions.is_except {
        let reason = format!(
            "broad permission of all actions except {}: a compromised function could reach tasks of other functions",
            statement.actions.texts.join(", ")
        );
        return Some(Finding::new("TB012", function.name, reason, "list only the actions that it needs"));
    }
    let is_checked = |action: &&String| {
        let services = SERVICES.iter().filter_map(|service| service.action_prefix);
        // A history shows the tokens of open tasks.
        let histories = SERVICES.iter().flat_map(|service| service.history_actions);
        let mut prefixes = services.chain(histories.clone().map(|(name, _)| *name)).chain(PREFIXES);
        let starts_with =
            |prefix: &str| action.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
        let reports = SERVICES.iter().flat_map(|service| service.report_actions);
        let is_wider = || {
            let mut names = histories.chain(reports).map(|(name, _)| name);
            action.contains('*') && names.any(|name| matches(action, name) == Match::Yes)
        };
        **action == "*" || prefixes.any(starts_with) || is_wider()
    };
    let actions: Vec<_> = statement.actions.texts.iter().filter(is_checked).collect();
    let wildcard = actions.iter().find(|action| action.contains('*'));
    let on_any_resource = statement.resources.texts.iter().any(|resource| is_any(resource));
    let has_resource = |action: &&&String| {
        let mut without = SERVICES.iter().filter(|service| service.has_no_resources);
        !without.any(|service| service.report_actions.iter().any(|(name, _)| **action == *name))
    };
    let first = actions.iter().find(has_resource);
    let (permission, fix) = match (wildcard, first) {
        (Some(action), _) => ((*action).clone(), "list only the actions that it needs"),
        (None, Some(_)) if on_any_resource => {
            let actions: Vec<_> = actions.iter().map(|action| action.as_str()).collect();
            (
                format!("{} on all resources", actions.join(", ")),
                "name the queue, table, domain, function or secret",
            )
        }
        _ => return None,
    };
    let reason =
        format!("broad permission {permission}: a compromised function could reach tasks of other functions");
    Some(Finding::new("TB012", function.name, reason, fix))
}

/// True for all resources of a kind, such as `*` and `…:table/*`, but not for all parts of one, such as `…:table/a/index/*`.
fn is_any(resource: &str) -> bool {
    let parts = arn(resource).map_or_else(|| resource.to_owned(), |[.., own]| own);
    let mut parts = parts.split(['/', ':']).filter(|part| !part.is_empty());
    matches!((parts.next(), parts.next(), parts.next()), (Some("*"), None, _) | (Some(_), Some("*"), None))
}

/// The beginnings of the checked actions besides those of the services.
const PREFIXES: [&str; 3] = ["sqs:", "dynamodb:", "secretsmanager:"];
