//! The YAML or JSON of a template, as SAM's loader and CloudFormation take it, with short intrinsics (`!Ref x`) as long
//! ones (`{"Ref": "x"}`).

mod relaxed;
mod scalar;

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput, Tag};
use serde_json::{Map, Value, json};

use super::value::size;

/// The maximum levels of nesting, because readers of the value recurse.
const MAX_DEPTH: usize = 64;
/// The maximum size of what aliases stand for: a few lines of aliases to aliases could fill the memory.
const MAX_ALIASED: usize = 16 * 1024 * 1024;

/// The maximum number of repeated keys that are listed.
const MAX_REPEATED: usize = 100;

pub(super) struct Document {
    pub(super) value: Value,
    /// Keys that occur twice: the line of the second, and the key.
    pub(super) repeated: Vec<(usize, String)>,
}

pub(super) fn read(text: &str) -> Result<Document, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if let Some(value) = text.trim_start().starts_with('{').then(|| serde_json::from_str(text).ok()).flatten()
    {
        if depth(&value) > MAX_DEPTH {
            return Err(too_deep());
        }
        return Ok(Document { value, repeated: Vec::new() });
    }
    parse(text).or_else(|error| {
        let relaxed = error.starts_with(SYNTAX).then(|| relaxed::indented(text)).flatten();
        relaxed.and_then(|text| parse(&text).ok()).ok_or(error)
    })
}

const SYNTAX: &str = "not valid YAML";

fn parse(text: &str) -> Result<Document, String> {
    let mut reader = Reader {
        events: Parser::new_from_str(text),
        anchors: HashMap::new(),
        aliased: 0,
        repeated: Vec::new(),
    };
    let mut value = None;
    loop {
        match reader.next()?.0 {
            Event::StreamEnd => break,
            Event::DocumentStart(_) if value.is_some() => {
                return Err("more than one YAML document, expected one".to_owned());
            }
            Event::DocumentStart(_) => {
                let first = reader.next()?;
                value = Some(reader.value(first, 0)?);
            }
            _ => {}
        }
    }
    let value = value.ok_or("empty, expected a YAML or JSON document")?;
    Ok(Document { value, repeated: reader.repeated })
}

struct Reader<'t> {
    events: Parser<'t, StrInput<'t>>,
    anchors: HashMap<usize, Value>,
    /// The size of all values that stood for an alias so far.
    aliased: usize,
    repeated: Vec<(usize, String)>,
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Result<(Event<'t>, Span), String> {
        match self.events.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(format!("{SYNTAX}: {error}")),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn value(&mut self, (event, _): (Event<'t>, Span), depth: usize) -> Result<Value, String> {
        if depth > MAX_DEPTH {
            return Err(too_deep());
        }
        let (anchor, value) = match event {
            Event::Alias(anchor) => return self.alias(anchor),
            Event::Scalar(text, ScalarStyle::Plain, anchor, None) => (anchor, scalar::resolve(&text)),
            Event::Scalar(text, _, anchor, Some(tag)) if is_resolved(&tag) => {
                (anchor, scalar::resolve(&text))
            }
            Event::Scalar(text, _, anchor, tag) => {
                (anchor, tagged(tag.as_deref(), Value::String(text.into_owned())))
            }
            Event::SequenceStart(anchor, tag) => {
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, _) => break,
                        event => items.push(self.value(event, depth + 1)?),
                    }
                }
                (anchor, tagged(tag.as_deref(), Value::Array(items)))
            }
            Event::MappingStart(anchor, tag) => {
                let members = self.members(depth)?;
                (anchor, tagged(tag.as_deref(), Value::Object(members)))
            }
            _ => return Err(format!("{SYNTAX}: expected a value")),
        };
        if anchor != 0 {
            self.anchors.insert(anchor, value.clone());
        }
        Ok(value)
    }

    /// Reads the members of a mapping. Of a key that occurs twice the last counts, as in SAM and CloudFormation.
    fn members(&mut self, depth: usize) -> Result<Map<String, Value>, String> {
        let (mut members, mut merged) = (Map::new(), Vec::new());
        loop {
            let (event, span) = self.next()?;
            let is_merge = matches!(&event, Event::Scalar(key, ScalarStyle::Plain, _, None) if key == "<<");
            let key = match event {
                Event::MappingEnd => break,
                Event::Scalar(text, _, anchor, _) => {
                    let key = text.into_owned();
                    if anchor != 0 {
                        self.anchors.insert(anchor, Value::String(key.clone()));
                    }
                    key
                }
                Event::Alias(anchor) => match self.alias(anchor)? {
                    Value::String(key) => key,
                    _ => return Err("invalid key, expected plain text".to_owned()),
                },
                _ => return Err("invalid key, expected plain text".to_owned()),
            };
            let event = self.next()?;
            let member = self.value(event, depth + 1)?;
            match member {
                Value::Array(items) if is_merge => merged.extend(items),
                one if is_merge => merged.push(one),
                member if members.get(&key).is_some_and(|before| *before != member) => {
                    if self.repeated.len() < MAX_REPEATED {
                        self.repeated.push((span.start.line(), key.clone()));
                    }
                    members.insert(key, member);
                }
                member => {
                    members.insert(key, member);
                }
            }
        }
        // A mapping's own keys count more than merged ones, and earlier merged ones more than later ones.
        for (key, value) in merged.into_iter().filter_map(object).flatten() {
            members.entry(key).or_insert(value);
        }
        Ok(members)
    }

    fn alias(&mut self, anchor: usize) -> Result<Value, String> {
        let value = self.anchors.get(&anchor).ok_or("YAML alias inside the value that it stands for")?;
        self.aliased = self.aliased.saturating_add(size(value));
        if self.aliased > MAX_ALIASED {
            return Err(format!("YAML aliases stand for more than {MAX_ALIASED} bytes"));
        }
        Ok(value.clone())
    }
}

fn object(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(members) => Some(members),
        _ => None,
    }
}

fn too_deep() -> String {
    format!("nested deeper than {MAX_DEPTH} levels")
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

/// True for `!!int`, `!!bool` and the like, by which a quoted text counts as a plain one.
fn is_resolved(tag: &Tag) -> bool {
    tag.is_yaml_core_schema() && tag.suffix != "str"
}

fn tagged(tag: Option<&Tag>, value: Value) -> Value {
    // The tags of YAML itself (`!!str`) make no difference here.
    let Some(tag) = tag.filter(|tag| !tag.is_yaml_core_schema()) else { return value };
    match (&*tag.suffix, value) {
        (name @ ("Ref" | "Condition"), value) => json!({ name: value }),
        (name, value) => json!({ format!("Fn::{name}"): value }),
    }
}

#[cfg(test)]
mod peers;
#[cfg(test)]
mod tests;
