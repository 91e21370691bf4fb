//! Resolved values. A reference to a resource is text, `${Name}` or `${Name.Attribute}`; an unknown part is `${?reason}`;
//! and a literal `${` is `${!`.

use serde_json::Value;

/// Returns a value that could not be determined.
pub(super) fn unknown(reason: &str) -> Value {
    Value::String(hole(reason))
}

/// Returns the text of an unknown part. A reason may quote the template, at any length.
pub(super) fn hole(reason: &str) -> String {
    let reason: String = reason.chars().take(MAX_REASON).map(|c| if c == '}' { ')' } else { c }).collect();
    format!("${{?{reason}}}")
}

const MAX_REASON: usize = 200;

/// The reason why a value is unknown, at least in part.
pub(super) fn reason(value: &Value) -> Option<&str> {
    value.as_str().and_then(reason_in)
}

pub(super) fn reason_in(text: &str) -> Option<&str> {
    let inside = text.split_once("${?").and_then(|(_, rest)| Some(rest.split_once('}')?.0));
    inside.or_else(|| {
        text.contains("{{resolve:").then_some("a dynamic reference, which is resolved at deployment")
    })
}

/// Returns the first five parts of an ARN and the rest, which names the resource.
pub(super) fn arn(text: &str) -> Option<[String; 6]> {
    // A pseudo parameter has colons of its own.
    let flat = text.replace("${AWS::", "${AWS.");
    let parts: Vec<_> = flat.splitn(6, ':').map(str::to_owned).collect();
    parts.try_into().ok().filter(|parts: &[String; 6]| parts[0] == "arn")
}

/// Marks text of the template as literal, so that it is not taken for a reference.
pub(super) fn literal(text: &str) -> String {
    text.replace("${", "${!")
}

/// Returns a scalar as text: CloudFormation treats `"30"` and 30 alike.
pub(super) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Returns a list; a single value is a list of one.
pub(super) fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().collect(),
        one => vec![one],
    }
}

/// The approximate size of a value in bytes.
pub(super) fn size(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(size).sum::<usize>() + OVERHEAD,
        Value::Object(members) => {
            members.iter().map(|(key, value)| key.len() + size(value)).sum::<usize>() + OVERHEAD
        }
        Value::String(text) => text.len() + OVERHEAD,
        _ => OVERHEAD,
    }
}

/// The rough size of a value besides its text. Without it, many short values would take a very long time.
pub(super) const OVERHEAD: usize = 32;

/// The references in a text, in order: the name of each with the text before and after it.
pub(super) fn references(text: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    text.match_indices("${").filter_map(move |(start, _)| {
        let (before, rest) = (&text[..start], &text[start + 2..]);
        let (inside, after) = rest.split_once('}')?;
        let name = inside.split_once('.').map_or(inside, |(name, _)| name);
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric());
        is_name.then_some((before, name, after))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_differ_from_literals() {
        let names = |text: &'static str| references(text).map(|(_, name, _)| name).collect::<Vec<_>>();
        assert_eq!(names("arn:${AWS::Region}:${Tasks.QueueName}:${Alias}"), ["Tasks", "Alias"]);
        assert!(names("${!Tasks} ${?no} ${} ${open").is_empty());
        assert_eq!(literal("${Tasks}"), "${!Tasks}");
        assert_eq!(reason(&unknown("a {b}")), Some("a {b)"));
        assert!(
            reason(&Value::from("{{resolve:ssm:x}}")).is_some() && reason(&Value::from("${A}")).is_none()
        );
    }
}
