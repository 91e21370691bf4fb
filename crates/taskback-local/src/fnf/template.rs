//! Values that a definition constructs at run time: the value of a key that ends in `.$` is an expression.

use std::collections::BTreeMap;

use serde_json::Value;

use super::expression::{Expression, Position, Scope};

/// A value with expressions in it.
#[derive(Debug)]
pub(super) enum Template {
    Plain(Value),
    Expression(Expression),
    Object(BTreeMap<String, Template>),
    Array(Vec<Template>),
}

impl Template {
    /// Parses a value; `at` is its path for errors.
    pub(super) fn parse(at: &str, value: Value, position: Position) -> Result<Self, String> {
        match value {
            Value::Array(items) => {
                let items = items.into_iter().map(|item| Self::parse(at, item, position));
                items.collect::<Result<_, _>>().map(Self::Array)
            }
            Value::Object(members) => {
                let mut parsed = BTreeMap::new();
                for (key, value) in members {
                    let (key, template) = Self::parse_member(at, key, value, position)?;
                    if parsed.contains_key(&key) {
                        return Err(format!("{at}.{key} is given twice, plain and with .$"));
                    }
                    parsed.insert(key, template);
                }
                Ok(Self::Object(parsed))
            }
            plain => Ok(Self::Plain(plain)),
        }
    }

    /// Parses a member, and returns it with its key without `.$`.
    pub(super) fn parse_member(
        at: &str,
        mut key: String,
        value: Value,
        position: Position,
    ) -> Result<(String, Self), String> {
        let at = format!("{at}.{key}");
        if !key.ends_with(".$") {
            return Ok((key, Self::parse(&at, value, position)?));
        }
        key.truncate(key.len() - 2);
        let Value::String(text) = value else { return Err(format!("{at} must be an expression")) };
        let expression = Expression::parse(&text, position).map_err(|error| format!("{at}: {error}"))?;
        Ok((key, Self::Expression(expression)))
    }

    /// Returns the value as JSON text. The error names the expression that finds nothing.
    pub(super) fn render(&self, scope: &Scope<'_>) -> Result<String, String> {
        match self {
            Self::Plain(value) => Ok(value.to_string()),
            Self::Expression(expression) => expression.evaluate(scope).map(|value| value.get().to_owned()),
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

    /// Returns the value as a whole number, also if it is the text of one; `None` for any other value.
    pub(super) fn number(&self, scope: &Scope<'_>) -> Result<Option<u64>, String> {
        let json = self.render(scope)?;
        let text = serde_json::from_str::<String>(&json).unwrap_or(json);
        Ok(text.parse().ok())
    }
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
        Template::parse("Parameters", template, Position::Parameters)?.render(&scope)
    }

    #[test]
    fn dollar_keys_are_expressions_numbers_exact() {
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
    fn errors_name_the_key() {
        for (template, expected) in [
            (json!({ "a.$": 5 }), "Parameters.a.$ must be an expression"),
            (json!({ "a": { "b.$": "$Global.x" } }), "Parameters.a.b.$: $Global.x"),
            (json!({ "a": 1, "a.$": "$Input" }), "Parameters.a is given twice"),
            (json!({ "a.$": "$Input.missing" }), "$Input.missing finds nothing"),
            (json!({ "a.$": "$Input.list[1]" }), "$Input.list[1] finds nothing"),
            (json!({ "a.$": "$Input.n.deeper" }), "$Input.n.deeper finds nothing"),
        ] {
            let error = render(template).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
