//! The permissions of functions: what their roles allow, and what the policies of queues, keys, tables and secrets add.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::arns::{Match, Target};
use super::function::Function;
use super::names::{KEY, QUEUE, ROLE, SECRET, TABLE, find, find_text};
use super::policies::Statement;
use super::resource_policy::{ResourcePolicies, is_about};
use super::role::{RolePolicies, sam_role};
use super::template::{SAM_FUNCTION, Template};
use super::value::text;
use super::view::Known;

/// The policies of a template. Each is read once, because many functions may share one.
pub(super) struct Policies<'t> {
    template: &'t Template,
    resources: ResourcePolicies,
    roles: RefCell<BTreeMap<String, Rc<Grants<'t>>>>,
}

/// The permissions of a role.
pub(super) struct Grants<'t> {
    template: &'t Template,
    /// The role's name in the template, or the one that SAM gives it.
    role: String,
    pub(super) policies: RolePolicies,
    verdicts: RefCell<BTreeMap<(&'static str, Target), Verdict>>,
}

#[derive(Clone, Debug)]
pub(super) enum Verdict {
    Allowed,
    Missing,
    /// By the policy of that name.
    Denied(String),
    Unknown(String),
}

impl<'t> Policies<'t> {
    pub(super) fn new(template: &'t Template) -> Self {
        Self { template, resources: ResourcePolicies::new(template), roles: RefCell::default() }
    }

    /// Returns the permissions of a function. An error says why its role is unknown.
    pub(super) fn get(&self, function: &Function<'t>) -> Result<Rc<Grants<'t>>, String> {
        let (template, view) = (self.template, &function.view);
        if view.lacks(&["Role"]) && function.resource.kind == SAM_FUNCTION {
            return Ok(self.grants(sam_role(function), || RolePolicies::from_sam(template, function)));
        }
        let value = match view.peek(&["Role"]) {
            Known::Is(value) => value,
            Known::Unknown(reason) => return Err(reason),
            Known::Absent => return Err("it is not set".to_owned()),
        };
        let role = find(template, value, &ROLE).into_resource();
        let role = role.ok_or_else(|| format!("{} is not in the template", text(value)))?;
        Ok(self.grants(role.name.clone(), || RolePolicies::from_role(template, role)))
    }

    fn grants(&self, role: String, policies: impl FnOnce() -> RolePolicies) -> Rc<Grants<'t>> {
        let mut roles = self.roles.borrow_mut();
        let new = || Grants {
            template: self.template,
            role: role.clone(),
            policies: policies(),
            verdicts: RefCell::default(),
        };
        Rc::clone(roles.entry(role.clone()).or_insert_with(|| Rc::new(new())))
    }

    /// Judges an action on a resource.
    pub(super) fn verdict(&self, grants: &Grants<'t>, action: &'static str, target: &Target) -> Verdict {
        let key = (action, target.clone());
        let known = grants.verdicts.borrow().get(&key).cloned();
        known.unwrap_or_else(|| {
            let verdict = grants.judge(&self.resources, action, target);
            grants.verdicts.borrow_mut().insert(key, verdict.clone());
            verdict
        })
    }
}

impl Grants<'_> {
    fn judge(&self, resources: &ResourcePolicies, action: &str, target: &Target) -> Verdict {
        let own =
            self.policies.statements.iter().map(|statement| (statement.covers(action, target), statement));
        let resource = resources.get(target);
        let attached = resource.into_iter().flat_map(|policy| &policy.statements).map(|statement| {
            let covers = statement.covers(action, target);
            // The principals are compared only where it matters, because that takes longer.
            let about =
                if covers == Match::No { covers } else { is_about(self.template, statement, &self.role) };
            (covers.min(about), statement)
        });
        let (denied, allowed): (Vec<_>, Vec<_>) = own
            .clone()
            .chain(attached)
            .filter(|(found, _)| *found != Match::No)
            .partition(|(_, of)| of.is_deny);
        let denial = denied.into_iter().max_by_key(|(found, _)| *found);
        if let Some((Match::Yes, statement)) = denial {
            return Verdict::Denied(statement.origin.clone());
        }
        let is_delegated = resource.is_none_or(|policy| policy.is_delegated(action, target));
        let counts = |(found, statement): (Match, &'_ Statement)| {
            // The boundary limits the policies of the role only, which name no principals.
            let of_role = statement.principals.is_none();
            let found = if of_role { found.min(self.limit(action, target)) } else { found };
            if of_role && !is_delegated { Match::No } else { found }
        };
        let best = allowed.into_iter().map(|(found, statement)| (counts((found, statement)), statement));
        let best = best.max_by_key(|(found, _)| *found).filter(|(found, _)| *found != Match::No);
        match (best, denial) {
            (Some((Match::Yes, _)), None) => Verdict::Allowed,
            (Some((Match::Yes, _)), Some((_, deny))) => {
                Verdict::Unknown(format!("{} may deny it", deny.origin))
            }
            (Some((_, allow)), _) => Verdict::Unknown(format!("{} may allow it", allow.origin)),
            (None, _) => {
                let unknown = resource.into_iter().flat_map(|policy| &policy.unknown);
                let unknown = unknown.chain(&self.policies.unknown).next();
                unknown.map_or(Verdict::Missing, |reason| Verdict::Unknown(reason.clone()))
            }
        }
    }

    /// True if the permissions boundary allows it.
    fn limit(&self, action: &str, target: &Target) -> Match {
        let Some(boundary) = &self.policies.boundary else { return Match::Yes };
        let covers = |statement: &Statement| statement.covers(action, target);
        let (denied, allowed): (Vec<_>, Vec<_>) = boundary.iter().partition(|statement| statement.is_deny);
        let denied = denied.into_iter().map(covers).max();
        if denied == Some(Match::Yes) {
            return Match::No;
        }
        let allowed = allowed.into_iter().map(covers).max().unwrap_or(Match::No);
        if denied == Some(Match::Maybe) { allowed.min(Match::Maybe) } else { allowed }
    }
}

/// Returns the target of a queue, table, key or secret, in the template or not.
pub(super) fn target(template: &Template, service: &'static str, text: &str) -> Target {
    let kind = match service {
        "sqs" => &QUEUE,
        "dynamodb" => &TABLE,
        "kms" => &KEY,
        _ => &SECRET,
    };
    match find_text(template, text, kind).into_resource() {
        Some(resource) => Target::from_resource(service, resource, kind),
        // An alias does not name the key, and policies name keys.
        None if text.contains("alias/") => Target::unnamed(service, text),
        None => Target::named(service, text),
    }
}
