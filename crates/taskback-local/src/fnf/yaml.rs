//! A parser from the YAML of definitions to JSON: one document of mappings, sequences and scalars of
//! the core schema. JSON is a subset of it. Anchors, aliases and tags are refused.

use saphyr_parser::{Event, Parser, ScalarStyle, StrInput};
use serde_json::{Map, Number, Value};

use super::unsupported::unsupported;

/// The maximum nesting, because readers of the value may recurse.
const MAX_DEPTH: usize = 32;

pub(super) fn parse(text: &str) -> Result<Value, String> {
    let mut events = Events(Parser::new_from_str(text));
    let mut document = None;
    loop {
        match events.next()? {
            Event::StreamEnd => return document.ok_or_else(|| "it is empty".to_owned()),
            Event::DocumentStart(_) if document.is_some() => {
                return Err(unsupported("more than one YAML document"));
            }
            Event::DocumentStart(_) => {
                let first = events.next()?;
                document = Some(parse_value(&mut events, first, 0)?);
            }
            _ => {}
        }
    }
}

struct Events<'t>(Parser<'t, StrInput<'t>>);

impl<'t> Events<'t> {
    fn next(&mut self) -> Result<Event<'t>, String> {
        match self.0.next_event() {
            Some(Ok((event, _))) => Ok(event),
            Some(Err(error)) => Err(format!("it is not YAML: {error}")),
            None => Ok(Event::StreamEnd),
        }
    }
}

fn parse_value(events: &mut Events<'_>, event: Event<'_>, depth: usize) -> Result<Value, String> {
    if depth > MAX_DEPTH {
        return Err(format!("it is nested deeper than {MAX_DEPTH} levels"));
    }
    match event {
        Event::Alias(_) => Err(unsupported("a YAML alias")),
        Event::Scalar(.., Some(_)) | Event::SequenceStart(_, Some(_)) | Event::MappingStart(_, Some(_)) => {
            Err(unsupported("a YAML tag"))
        }
        Event::Scalar(text, ScalarStyle::Plain, 0, None) => parse_scalar(&text),
        Event::Scalar(text, _, 0, None) => Ok(Value::String(text.into_owned())),
        Event::SequenceStart(0, None) => {
            let mut items = Vec::new();
            loop {
                match events.next()? {
                    Event::SequenceEnd => return Ok(Value::Array(items)),
                    event => items.push(parse_value(events, event, depth + 1)?),
                }
            }
        }
        Event::MappingStart(0, None) => {
            let mut members = Map::new();
            loop {
                let key = match events.next()? {
                    Event::MappingEnd => return Ok(Value::Object(members)),
                    Event::Scalar(text, _, 0, None) => text.into_owned(),
                    _ => return Err("a key must be plain text".to_owned()),
                };
                let event = events.next()?;
                let member = parse_value(events, event, depth + 1)?;
                if members.insert(key.clone(), member).is_some() {
                    return Err(format!("the key {key} is given twice"));
                }
            }
        }
        _ => Err(unsupported("a YAML anchor")),
    }
}

fn parse_scalar(text: &str) -> Result<Value, String> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        // A name such as `infinity` is text, and a number outside of JSON is refused.
        _ if text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) => {
            if let Ok(number) = text.parse::<i64>() {
                return Ok(number.into());
            }
            match text.parse::<f64>() {
                Ok(number) => {
                    let number = Number::from_f64(number);
                    Value::Number(number.ok_or_else(|| format!("{text} is not a JSON number"))?)
                }
                Err(_) => Value::String(text.to_owned()),
            }
        }
        _ => Value::String(text.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn yaml_and_json_parse_alike() {
        let yaml =
            "a: 1\nb: [x, 'true', true, ~, 1.5, 2020-01-01]\nc:\n  - d: |\n      text\n    e.$: $Input\n";
        let expected = json!({
            "a": 1, "b": ["x", "true", true, null, 1.5, "2020-01-01"], "c": [{ "d": "text\n", "e.$": "$Input" }],
        });
        assert_eq!(parse(yaml).unwrap(), expected);
        assert_eq!(parse(&expected.to_string()).unwrap(), expected);
    }

    #[test]
    fn unsupported_yaml_is_named() {
        for (text, expected) in [
            ("", "it is empty"),
            ("a: &x 1\nb: *x", "a YAML anchor is not supported"),
            ("a: *x", "it is not YAML"),
            ("a: !!str 1", "a YAML tag is not supported"),
            ("a: 1\n---\nb: 2", "more than one YAML document"),
            ("a: 1\na: 2", "the key a is given twice"),
            ("[a]: 1", "a key must be plain text"),
            ("a: [", "it is not YAML"),
            ("a: 1e999", "1e999 is not a JSON number"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with(expected), "{text}: {error}");
        }
        assert!(parse(&"[".repeat(100_000)).is_err());
        assert!(parse(&format!("{}1{}", "[".repeat(40), "]".repeat(40))).unwrap_err().contains("nested"));
    }
}
