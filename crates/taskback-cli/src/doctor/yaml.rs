//! A template's YAML as JSON, its short intrinsics (`!Ref x`) as long ones (`{"Ref": "x"}`).

use saphyr_parser::{Event, Parser, ScalarStyle, StrInput, Tag};
use serde_json::{Map, Number, Value, json};

/// The most levels of nesting. Whoever reads the value recurses.
const MOST_DEPTH: usize = 64;

pub(super) fn read(text: &str) -> Result<Value, String> {
    let mut events = Events(Parser::new_from_str(text));
    loop {
        match events.next()? {
            Event::StreamEnd => return Err("it is empty".to_owned()),
            Event::DocumentStart(_) => {
                let first = events.next()?;
                return value(&mut events, first, 0);
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

fn value(events: &mut Events<'_>, event: Event<'_>, depth: usize) -> Result<Value, String> {
    if depth > MOST_DEPTH {
        return Err(format!("it is nested deeper than {MOST_DEPTH} levels"));
    }
    match event {
        Event::Scalar(text, ScalarStyle::Plain, _, None) => Ok(scalar(&text)),
        Event::Scalar(text, _, _, None) => Ok(Value::String(text.into_owned())),
        Event::Scalar(text, _, _, Some(tag)) => Ok(long(&tag, Value::String(text.into_owned()))),
        Event::SequenceStart(_, tag) => {
            let mut items = Vec::new();
            loop {
                match events.next()? {
                    Event::SequenceEnd => return Ok(tagged(tag.as_deref(), Value::Array(items))),
                    event => items.push(value(events, event, depth + 1)?),
                }
            }
        }
        Event::MappingStart(_, tag) => {
            let mut members = Map::new();
            loop {
                let key = match events.next()? {
                    Event::MappingEnd => return Ok(tagged(tag.as_deref(), Value::Object(members))),
                    Event::Scalar(text, ..) => text.into_owned(),
                    _ => return Err("a key must be plain text".to_owned()),
                };
                let event = events.next()?;
                let member = value(events, event, depth + 1)?;
                if members.contains_key(&key) {
                    return Err(format!("the key {key} is there twice"));
                }
                members.insert(key, member);
            }
        }
        _ => Err("a YAML alias, which CloudFormation does not take".to_owned()),
    }
}

fn tagged(tag: Option<&Tag>, value: Value) -> Value {
    match tag {
        Some(tag) => long(tag, value),
        None => value,
    }
}

fn long(tag: &Tag, value: Value) -> Value {
    // The tags of YAML itself (`!!str`) change nothing that matters here.
    if tag.is_yaml_core_schema() {
        return value;
    }
    match (&*tag.suffix, value) {
        (name @ ("Ref" | "Condition"), value) => json!({ name: value }),
        ("GetAtt", Value::String(path)) => {
            let (resource, attribute) = path.split_once('.').unwrap_or((&path, ""));
            json!({ "Fn::GetAtt": [resource, attribute] })
        }
        (name, value) => json!({ format!("Fn::{name}"): value }),
    }
}

fn scalar(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        // A leading zero is an account's id or an octal number, and neither is counted with.
        _ if text.len() > 1 && text.starts_with('0') => Value::String(text.to_owned()),
        _ if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') => {
            let whole = text.parse::<i64>().ok().map(Number::from);
            let number = whole.or_else(|| text.parse().ok().and_then(Number::from_f64));
            number.map_or_else(|| Value::String(text.to_owned()), Value::Number)
        }
        _ => Value::String(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_intrinsics_become_long_ones() {
        let yaml = "a: !Ref B\nb: !GetAtt C.Arn\nc: !If [D, 1, !Ref AWS::NoValue]\nd: !Sub 'x${E}'\n\
                    e: !Condition F\nf: {Fn::Sub: g}\nh: !Not [!Equals [!Ref I, '']]\nj: 2012-10-17\nk: '1'\nl: 012";
        let wanted = json!({
            "a": {"Ref": "B"}, "b": {"Fn::GetAtt": ["C", "Arn"]},
            "c": {"Fn::If": ["D", 1, {"Ref": "AWS::NoValue"}]}, "d": {"Fn::Sub": "x${E}"},
            "e": {"Condition": "F"}, "f": {"Fn::Sub": "g"},
            "h": {"Fn::Not": [{"Fn::Equals": [{"Ref": "I"}, ""]}]}, "j": "2012-10-17", "k": "1", "l": "012",
        });
        assert_eq!(read(yaml).unwrap(), wanted);
        assert_eq!(read(&wanted.to_string()).unwrap(), wanted);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (text, wanted) in [
            ("", "it is empty"),
            ("a: [", "it is not YAML"),
            ("a: 1\na: 2", "the key a is there twice"),
            ("[a]: 1", "a key must be plain text"),
            ("a: &x 1\nb: *x", "a YAML alias"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(wanted), "{text}: {error}");
        }
        assert!(read(&format!("{}1{}", "[".repeat(70), "]".repeat(70))).unwrap_err().contains("nested"));
    }
}
