//! Values that a definition constructs at run time: a key that ends in `.$` has an expression.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::expression::{Expression, Place, Scope};

/// A value with expressions in it.
#[derive(Debug)]
pub(super) enum Template {
    Plain(Value),
    Expression(Expression),
    Object(BTreeMap<String, Template>),
    Array(Vec<Template>),
}

impl Template {
    /// `at` names the value in what is wrong with it.
    pub(super) fn read(at: &str, value: Value, place: Place) -> Result<Self, String> {
        match value {
            Value::Array(items) => {
                let items = items.into_iter().map(|item| Self::read(at, item, place));
                items.collect::<Result<_, _>>().map(Self::Array)
            }
            Value::Object(members) => {
                let mut read = BTreeMap::new();
                for (key, value) in members {
                    let (key, template) = Self::read_member(at, key, value, place)?;
                    if read.contains_key(&key) {
                        return Err(format!("{at}.{key} is there twice, plain and with .$"));
                    }
                    read.insert(key, template);
                }
                Ok(Self::Object(read))
            }
            plain => Ok(Self::Plain(plain)),
        }
    }

    /// A member by its key, which loses its `.$`.
    pub(super) fn read_member(
        at: &str,
        mut key: String,
        value: Value,
        place: Place,
    ) -> Result<(String, Self), String> {
        let at = format!("{at}.{key}");
        if !key.ends_with(".$") {
            return Ok((key, Self::read(&at, value, place)?));
        }
        key.truncate(key.len() - 2);
        let Value::String(text) = value else { return Err(format!("{at} must be an expression")) };
        let expression = Expression::read(&text, place).map_err(|wrong| format!("{at}: {wrong}"))?;
        Ok((key, Self::Expression(expression)))
    }

    /// The value as JSON text. What is not found is told by its expression.
    pub(super) fn render(&self, scope: &Scope<'_>) -> Result<String, String> {
        match self {
            Self::Plain(value) => Ok(value.to_string()),
            Self::Expression(expression) => expression.find(scope).map(|found| found.get().to_owned()),
            Self::Object(members) => {
                let members = members.iter().map(|(key, member)| {
                    member.render(scope).map(|member| format!("{}:{member}", Value::from(key.as_str())))
                });
                members.collect::<Result<Vec<_>, _>>().map(|members| format!("{{{}}}", members.join(",")))
            }
            Self::Array(items) => {
                let items = items.iter().map(|item| item.render(scope));
                items.collect::<Result<Vec<_>, _>>().map(|items| format!("[{}]", items.join(",")))
            }
        }
    }

    /// The value as a whole number, also where it is the text of one.
    pub(super) fn number(&self, scope: &Scope<'_>) -> Result<Option<u64>, String> {
        let json = self.render(scope)?;
        let text = serde_json::from_str::<String>(&json).unwrap_or(json);
        Ok(text.parse().ok())
    }
}

/// JSON text as it is, no number rounded.
pub(super) fn raw(json: &str) -> Result<Box<RawValue>, String> {
    serde_json::from_str(json).map_err(|_| "it is not JSON".to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn render(template: Value) -> Result<String, String> {
        let scope = Scope {
            input: r#"{"n":1.000000000000000000001,"list":[{"x":"é\"q"}],"null":null}"#,
            execution_name: "run-7",
            token: Some("a+b/c=="),
            ..Scope::default()
        };
        Template::read("Parameters", template, Place::Parameters)?.render(&scope)
    }

    #[test]
    fn only_keys_that_end_in_dollar_are_expressions_and_no_number_is_rounded() {
        let rendered = render(json!({
            "plain": "$Input.n", "token.$": "$Context.Current.TaskToken", "deep": [{ "n.$": "$Input.n" }],
            "x.$": "$Input.list[0].x", "who.$": "$Context.Execution.Name", "none.$": "$Input.null",
        }));
        assert_eq!(
            rendered.unwrap(),
            r#"{"deep":[{"n":1.000000000000000000001}],"none":null,"plain":"$Input.n","token":"a+b/c==","who":"run-7","x":"é\"q"}"#
        );
    }

    #[test]
    fn what_is_wrong_is_named_by_key() {
        for (template, wanted) in [
            (json!({ "a.$": 5 }), "Parameters.a.$ must be an expression"),
            (json!({ "a": { "b.$": "$Global.x" } }), "Parameters.a.b.$: $Global.x"),
            (json!({ "a": 1, "a.$": "$Input" }), "Parameters.a is there twice"),
            (json!({ "a.$": "$Input.missing" }), "$Input.missing finds nothing"),
            (json!({ "a.$": "$Input.list[1]" }), "$Input.list[1] finds nothing"),
            (json!({ "a.$": "$Input.n.deeper" }), "$Input.n.deeper finds nothing"),
        ] {
            let error = render(template).unwrap_err();
            assert!(error.starts_with(wanted), "{error}");
        }
    }
}
