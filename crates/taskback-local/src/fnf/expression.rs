use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::template::raw;

/// `$Input`, `$Output` or a member of `$Context`, and a path into it.
#[derive(Debug)]
pub(super) struct Expression {
    text: String,
    root: Root,
    path: Vec<Segment>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Root {
    Input,
    Output,
    ExecutionName,
    ExecutionInput,
    RoleArn,
    StateName,
    TaskToken,
}

#[derive(Debug, PartialEq, Eq)]
enum Segment {
    Member(String),
    Item(usize),
}

/// Where an expression stands, which says what it may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// `$Context.Current.TaskToken` is known.
    Parameters,
    /// `$Output` is known.
    Output,
    Elsewhere,
}

/// What expressions are looked up in.
#[derive(Clone, Copy, Default)]
pub(super) struct Scope<'a> {
    /// JSON text, as the other inputs and outputs.
    pub(super) input: &'a str,
    pub(super) output: Option<&'a str>,
    pub(super) execution_name: &'a str,
    pub(super) execution_input: &'a str,
    pub(super) role_arn: &'a str,
    pub(super) state_name: &'a str,
    pub(super) token: Option<&'a str>,
}

/// Longer names first where one begins another.
const ROOTS: &[(&str, Root)] = &[
    ("$Context.Execution.Input", Root::ExecutionInput),
    ("$Context.Execution.Name", Root::ExecutionName),
    ("$Context.Execution.RoleArn", Root::RoleArn),
    ("$Context.Current.Name", Root::StateName),
    ("$Context.Current.Input", Root::Input),
    ("$Context.Current.Output", Root::Output),
    ("$Context.Current.TaskToken", Root::TaskToken),
    ("$Input", Root::Input),
    ("$Output", Root::Output),
];

impl Expression {
    pub(super) fn read(text: &str, place: Place) -> Result<Self, String> {
        let read = ROOTS.iter().find_map(|(name, root)| {
            let rest = text.strip_prefix(name)?;
            path(rest).map(|path| (*root, path))
        });
        let shown: String = text.chars().take(100).collect();
        let Some((root, path)) = read else {
            return Err(format!("{shown} is not supported by taskback local"));
        };
        let known = match root {
            Root::TaskToken => place == Place::Parameters,
            Root::Output => place == Place::Output,
            _ => true,
        };
        match known {
            true => Ok(Self { text: text.to_owned(), root, path }),
            false => Err(format!("{shown} is not known in this place")),
        }
    }

    pub(super) fn find(&self, scope: &Scope<'_>) -> Result<Box<RawValue>, String> {
        let text = |text: &str| Value::from(text).to_string();
        let json = match self.root {
            Root::Input => scope.input.to_owned(),
            Root::Output => scope.output.unwrap_or("null").to_owned(),
            Root::ExecutionInput => scope.execution_input.to_owned(),
            Root::ExecutionName => text(scope.execution_name),
            Root::RoleArn => text(scope.role_arn),
            Root::StateName => text(scope.state_name),
            Root::TaskToken => text(scope.token.unwrap_or_default()),
        };
        let found = self.path.iter().try_fold(raw(&json).ok(), |at, segment| {
            let at = at?;
            Some(match segment {
                Segment::Member(name) => {
                    let members = serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(at.get()).ok();
                    members.and_then(|mut members| members.remove(name))
                }
                Segment::Item(place) => {
                    let items = serde_json::from_str::<Vec<Box<RawValue>>>(at.get()).ok();
                    items.and_then(|items| items.into_iter().nth(*place))
                }
            })
        });
        found.flatten().ok_or_else(|| format!("{} finds nothing", self.text))
    }
}

/// `.name` and `[0]`, as often as wanted; none where there is anything else.
fn path(mut text: &str) -> Option<Vec<Segment>> {
    let mut path = Vec::new();
    while !text.is_empty() {
        if let Some(rest) = text.strip_prefix('.') {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (name, rest) = rest.split_at(end);
            let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
            if name.is_empty() || !name.chars().all(plain) {
                return None;
            }
            path.push(Segment::Member(name.to_owned()));
            text = rest;
        } else {
            let (place, rest) = text.strip_prefix('[')?.split_once(']')?;
            path.push(Segment::Item(place.parse().ok()?));
            text = rest;
        }
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_supported_is_refused_by_name() {
        for text in [
            "$Global.x",
            "format('{}', $Input.x)",
            "$Context",
            "$Context.Current.Error.Code",
            "$Input + 1",
            "$Inputs",
            "$Input.",
            "$Input[x]",
            "Input",
            "",
        ] {
            let error = Expression::read(text, Place::Parameters).unwrap_err();
            assert_eq!(error, format!("{text} is not supported by taskback local"));
        }
    }

    #[test]
    fn token_and_output_are_known_where_they_exist() {
        let known = |text, place| Expression::read(text, place).is_ok();
        assert!(known("$Context.Current.TaskToken", Place::Parameters));
        assert!(!known("$Context.Current.TaskToken", Place::Output));
        assert!(known("$Output.x", Place::Output));
        assert!(!known("$Output.x", Place::Elsewhere));
        assert!(known("$Input.a.b[0][1].c", Place::Elsewhere));
    }
}
