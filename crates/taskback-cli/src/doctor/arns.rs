//! The resources that policies name, compared with those that a function uses.

use super::names::{Kind, logical};
use super::template::Resource;
use super::value::{arn, reason_in, references, text};
use super::view::Known;

/// A resource that a function uses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    /// The service in its ARN.
    pub(super) service: &'static str,
    /// The name for people.
    pub(super) shown: String,
    /// Its name in the template; `None` = not in it.
    pub(super) logical: Option<String>,
    /// Its ARN or physical name, if the template gives it one. References may be in it.
    literal: Option<String>,
    /// True for any resource of the service, because only the tasks know which one.
    is_any: bool,
}

/// Ordered, so that the minimum of several is what all of them say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Match {
    No,
    Maybe,
    Yes,
}

/// The maximum length of an ARN and of a pattern.
const MAX_LENGTH: usize = 2048;

impl Target {
    pub(super) fn from_resource(service: &'static str, resource: &Resource, kind: &Kind) -> Self {
        let view = resource.view();
        let literal = match view.peek(&[kind.name]) {
            Known::Is(name) => Some(text(name)),
            Known::Absent | Known::Unknown(_) => None,
        };
        let name = resource.name.clone();
        Self { service, shown: name.clone(), logical: Some(name), literal, is_any: false }
    }

    /// A resource outside the template, by its ARN or its name.
    pub(super) fn named(service: &'static str, name: &str) -> Self {
        Self { service, shown: name.to_owned(), logical: None, literal: Some(name.to_owned()), is_any: false }
    }

    /// A resource outside the template whose ARN and name are not known.
    pub(super) fn unnamed(service: &'static str, shown: &str) -> Self {
        Self { literal: None, ..Self::named(service, shown) }
    }

    pub(super) fn any(service: &'static str, shown: &str) -> Self {
        Self { service, shown: shown.to_owned(), logical: None, literal: None, is_any: true }
    }

    /// Compares with the resource of a statement.
    pub(super) fn matched_by(&self, pattern: &str) -> Match {
        if pattern == "*" {
            return Match::Yes;
        }
        if let Some(name) = logical(pattern) {
            return if self.logical.as_deref() == Some(name) { Match::Yes } else { Match::No };
        }
        if pattern.starts_with("${?") {
            return Match::Maybe;
        }
        let parts = arn(pattern);
        let service = parts.as_ref().map_or("", |[_, _, service, ..]| service);
        if parts.is_some() && !service.contains(['*', '$']) && service != self.service {
            return Match::No;
        }
        let rest = parts.as_ref().map_or(pattern, |[.., rest]| rest);
        let found = self.literal.as_ref().map(|literal| self.matches_literal(rest, literal));
        match (&parts, found) {
            _ if self.is_any => {
                if parts.is_some() {
                    Match::Yes
                } else {
                    Match::No
                }
            }
            (Some(_), _) if rest == "*" => Match::Yes,
            (Some(_), Some(found)) => found,
            // A part of a resource of the template, such as an index.
            _ if references(rest).any(|(_, name, _)| name != "AWS") => Match::No,
            // The name is made at the deployment.
            (Some(_), None) => Match::Maybe,
            (None, _) if pattern.contains('*') => Match::Maybe,
            (None, _) => Match::No,
        }
    }

    fn matches_literal(&self, rest: &str, literal: &str) -> Match {
        let own = arn(literal).map_or_else(|| literal.to_owned(), |[.., own]| own);
        // `table/NAME`, `secret:NAME-AbCdEf`, `key/ID`: the name may stand without its type and its ending.
        let patterns = [Some(rest), rest.split_once(['/', ':']).map(|(_, name)| name)];
        let found = patterns.into_iter().flatten().map(|pattern| match matches(&loose(pattern), &own) {
            _ if pattern == own => Match::Yes,
            // The name of another resource, or a part of one.
            Match::Yes if references(pattern).any(|(_, name, _)| name != "AWS") => Match::No,
            Match::Yes if pattern.contains("${") => Match::Maybe,
            Match::No if self.service == "secretsmanager" && pattern.starts_with(&own) => Match::Yes,
            found => found,
        });
        found.max().unwrap_or(Match::No)
    }
}

/// A pattern with wildcards for what is only known at deployment.
fn loose(pattern: &str) -> String {
    let (mut loose, mut rest) = (String::new(), pattern);
    while let Some((before, inside)) = rest.split_once("${") {
        loose.extend([before, "*"]);
        rest = inside.split_once('}').map_or("", |(_, after)| after);
    }
    loose + rest
}

/// Matches with IAM's wildcards, ignoring case.
pub(super) fn matches(pattern: &str, text: &str) -> Match {
    if reason_in(pattern).is_some() || pattern.len() > MAX_LENGTH || text.len() > MAX_LENGTH {
        return Match::Maybe;
    }
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut from, mut star) = (0, 0, None);
    while from < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(byte) if *byte == b'?' || byte.eq_ignore_ascii_case(&text[from]) => {
                (at, from) = (at + 1, from + 1)
            }
            // The last star takes one byte more.
            _ => match star {
                Some((star_at, star_from)) => {
                    star = Some((star_at, star_from + 1));
                    (at, from) = (star_at + 1, star_from + 1);
                }
                None => return Match::No,
            },
        }
    }
    if pattern[at..].iter().all(|byte| *byte == b'*') { Match::Yes } else { Match::No }
}

#[cfg(test)]
mod tests;
