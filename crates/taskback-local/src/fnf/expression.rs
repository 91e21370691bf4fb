use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::json::parse_raw;
use super::unsupported::unsupported;

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

/// The position of an expression, which decides what it may refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Position {
    /// The parameters of a task, where `$Context.Current.TaskToken` is available.
    Parameters,
    /// An output constructor, where `$Output` is available.
    Output,
    Other,
}

/// The values that expressions refer to.
#[derive(Clone, Copy, Default)]
pub(super) struct Scope<'a> {
    /// JSON text, like the other inputs and outputs.
    pub(super) input: &'a str,
    pub(super) output: Option<&'a str>,
    pub(super) execution_name: &'a str,
    pub(super) execution_input: &'a str,
    pub(super) role_arn: &'a str,
    pub(super) state_name: &'a str,
    pub(super) token: Option<&'a str>,
}

/// A name that is the beginning of another comes after it.
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
    pub(super) fn parse(text: &str, position: Position) -> Result<Self, String> {
        let parsed = ROOTS.iter().find_map(|(name, root)| {
            let rest = text.strip_prefix(name)?;
            parse_path(rest).map(|path| (*root, path))
        });
        let excerpt: String = text.chars().take(100).collect();
        let Some((root, path)) = parsed else {
            return Err(unsupported(&excerpt));
        };
        let is_available = match root {
            Root::TaskToken => position == Position::Parameters,
            Root::Output => position == Position::Output,
            _ => true,
        };
        if !is_available {
            return Err(format!("{excerpt} is not available here"));
        }
        Ok(Self { text: text.to_owned(), root, path })
    }

    /// Returns the value as JSON text, with no number rounded.
    pub(super) fn evaluate(&self, scope: &Scope<'_>) -> Result<Box<RawValue>, String> {
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
        let found = self.path.iter().try_fold(parse_raw(&json), |at, segment| {
            let at = at?;
            Some(match segment {
                Segment::Member(name) => {
                    let members = serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(at.get()).ok();
                    members.and_then(|mut members| members.remove(name))
                }
                Segment::Item(index) => {
                    let items = serde_json::from_str::<Vec<Box<RawValue>>>(at.get()).ok();
                    items.and_then(|items| items.into_iter().nth(*index))
                }
            })
        });
        found.flatten().ok_or_else(|| format!("{} finds nothing", self.text))
    }
}

/// Parses any number of `.name` and `[0]`; `None` if there is anything else.
fn parse_path(mut text: &str) -> Option<Vec<Segment>> {
    let mut path = Vec::new();
    while !text.is_empty() {
        if let Some(rest) = text.strip_prefix('.') {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (name, rest) = rest.split_at(end);
            let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
            if name.is_empty() || !name.chars().all(is_plain) {
                return None;
            }
            path.push(Segment::Member(name.to_owned()));
            text = rest;
        } else {
            let (index, rest) = text.strip_prefix('[')?.split_once(']')?;
            path.push(Segment::Item(index.parse().ok()?));
            text = rest;
        }
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsupported_expression_is_named() {
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
            let error = Expression::parse(text, Position::Parameters).unwrap_err();
            assert_eq!(error, format!("{text} is not supported by taskback local"));
        }
    }

    #[test]
    fn token_and_output_depend_on_position() {
        let is_known = |text, position| Expression::parse(text, position).is_ok();
        assert!(is_known("$Context.Current.TaskToken", Position::Parameters));
        assert!(!is_known("$Context.Current.TaskToken", Position::Output));
        assert!(is_known("$Output.x", Position::Output));
        assert!(!is_known("$Output.x", Position::Other));
        assert!(is_known("$Input.a.b[0][1].c", Position::Other));
    }
}
