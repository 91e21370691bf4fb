//! Policy statements, and which actions on which resources they allow or deny.

use serde_json::Value;

use super::arns::{Match, Target, matches};
use super::services::SERVICES;
use super::value::{hole, list, text};
use super::view::{Known, View};

/// One statement.
pub(super) struct Statement {
    pub(super) is_deny: bool,
    pub(super) actions: Patterns,
    pub(super) resources: Patterns,
    /// True if its condition holds for a function's calls.
    condition: Match,
    /// Its principals; `None` in policies of a role.
    pub(super) principals: Option<Patterns>,
    /// The policy that it is in.
    pub(super) origin: String,
    /// True if AWS or SAM adds it, and not the template's author.
    pub(super) is_implicit: bool,
}

/// Texts with wildcards, or all texts except those.
pub(super) struct Patterns {
    pub(super) texts: Vec<String>,
    pub(super) is_except: bool,
}

impl Statement {
    /// A statement that allows actions on a resource.
    pub(super) fn allow(actions: &[&str], resource: &str, origin: &str) -> Self {
        let actions = actions.iter().map(|action| (*action).to_owned()).collect();
        Self {
            is_deny: false,
            actions: Patterns { texts: actions, is_except: false },
            resources: Patterns { texts: vec![resource.to_owned()], is_except: false },
            condition: Match::Yes,
            principals: None,
            origin: origin.to_owned(),
            is_implicit: false,
        }
    }

    pub(super) fn implicit(actions: &[&str], resource: &str) -> Self {
        Self { is_implicit: true, ..Self::allow(actions, resource, "a policy that is added") }
    }

    /// Reads the statements of a document. The second list says which are unknown.
    pub(super) fn read(document: &View<'_>) -> (Vec<Self>, Vec<String>) {
        let (mut statements, mut unknown) = (Vec::new(), Vec::new());
        if let Known::Unknown(reason) = document.peek(&["Statement"]) {
            return (statements, vec![format!("{}: {reason}", document.label)]);
        }
        for statement in document.items(&["Statement"]) {
            match statement.peek(&["Effect"]) {
                Known::Is(effect) => statements.push(Self::new(&statement, effect == "Deny")),
                Known::Unknown(reason) => unknown.push(format!("{}: {reason}", statement.label)),
                Known::Absent => unknown.push(format!("{}: a statement has no Effect", statement.label)),
            }
        }
        (statements, unknown)
    }

    fn new(view: &View<'_>, is_deny: bool) -> Self {
        let has = |name| !matches!(view.peek(&[name]), Known::Absent);
        let principals = (has("Principal") || has("NotPrincipal"))
            .then(|| Patterns::read(view, "Principal", "NotPrincipal"));
        Self {
            is_deny,
            actions: Patterns::read(view, "Action", "NotAction"),
            resources: Patterns::read(view, "Resource", "NotResource"),
            condition: condition(view),
            principals,
            origin: view.label.clone(),
            is_implicit: false,
        }
    }

    /// True if it is about an action on a resource.
    pub(super) fn covers(&self, action: &str, target: &Target) -> Match {
        let action = self.actions.any(|pattern| matches(pattern, action));
        action.min(self.resources.any(|pattern| target.matched_by(pattern))).min(self.condition)
    }
}

impl Patterns {
    fn read(view: &View<'_>, name: &str, except: &str) -> Self {
        let is_except = !matches!(view.peek(&[except]), Known::Absent);
        let texts = match view.peek(&[if is_except { except } else { name }]) {
            Known::Absent => Vec::new(),
            Known::Unknown(reason) => vec![hole(&reason)],
            // Principals are listed by their type.
            Known::Is(Value::Object(types)) => types.values().flat_map(list).map(text).collect(),
            Known::Is(value) => list(value).into_iter().map(text).collect(),
        };
        Self { texts, is_except }
    }

    /// True if any of the texts is a match, or, for an exception, none of them.
    pub(super) fn any(&self, matched: impl Fn(&str) -> Match) -> Match {
        let found = self.texts.iter().map(|pattern| matched(pattern)).max().unwrap_or(Match::No);
        match found {
            Match::No if self.is_except => Match::Yes,
            Match::Yes if self.is_except => Match::No,
            found => found,
        }
    }
}

/// Calls of a function use TLS, so conditions on it are known, as are those that only name the function's own tasks.
fn condition(view: &View<'_>) -> Match {
    match view.peek(&["Condition"]) {
        Known::Absent => return Match::Yes,
        Known::Unknown(_) => return Match::Maybe,
        Known::Is(_) => {}
    }
    let mut all = Match::Yes;
    for (operator, keys) in view.members(&["Condition"]) {
        for (key, value) in keys.members(&[]) {
            all = all.min(match (operator, &*key.to_ascii_lowercase()) {
                ("Bool", "aws:securetransport") if text(value.value) == "false" => Match::No,
                ("Bool", "aws:securetransport") => Match::Yes,
                _ if SERVICES.iter().any(|service| service.own_condition == Some(key)) => Match::Yes,
                _ => Match::Maybe,
            });
        }
    }
    all
}
