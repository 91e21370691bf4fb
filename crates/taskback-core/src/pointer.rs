//! JSON pointers (RFC 6901) through values of any depth.

use std::borrow::Cow;
use std::fmt;

use serde_json::value::RawValue;

use crate::members::{Members, elements, raw};

/// The result of a JSON pointer.
pub struct Found<'a> {
    /// The value; of repeated names the last one counts, as in most readers.
    pub value: &'a RawValue,
    /// Whether a name on the way there is repeated.
    pub repeated: bool,
}

/// Never shows the value, which may be a token.
impl fmt::Debug for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Found").field("repeated", &self.repeated).finish_non_exhaustive()
    }
}

/// Finds the value of a JSON pointer (RFC 6901) at any depth.
pub fn find<'a>(json: &'a RawValue, pointer: &str) -> Option<Found<'a>> {
    let mut found = Found { value: json, repeated: false };
    for step in steps(pointer)? {
        match Members::of(found.value) {
            Some(members) => {
                let (value, more) = members.last(&step)?;
                found = Found { value, repeated: found.repeated || more };
            }
            None => found.value = elements(found.value)?.get(index(&step)?).copied()?,
        }
    }
    Some(found)
}

/// Removes the value that the pointer finds; in an array null takes its place.
pub(crate) fn remove(json: &RawValue, pointer: &str) -> Box<RawValue> {
    match steps(pointer) {
        Some(steps) => remove_at(json, &steps.collect::<Vec<_>>()),
        None => json.to_owned(),
    }
}

fn remove_at(json: &RawValue, steps: &[String]) -> Box<RawValue> {
    let Some((first, rest)) = steps.split_first() else { return RawValue::NULL.to_owned() };
    let below = |value: &RawValue| String::from(Box::<str>::from(remove_at(value, rest)));
    if let Some(members) = Members::of(json) {
        if rest.is_empty() {
            return members.without(first);
        }
        return members.write(|member| {
            let value = member.value;
            Some(if member.is(first) { Cow::Owned(below(value)) } else { Cow::Borrowed(value.get()) })
        });
    }
    let (Some(elements), Some(at)) = (elements(json), index(first)) else { return json.to_owned() };
    let elements: Vec<_> = elements
        .iter()
        .enumerate()
        .map(|(i, value)| if i == at { below(value) } else { value.get().to_owned() })
        .collect();
    raw(format!("[{}]", elements.join(",")))
}

/// The names and indices of a pointer; `None` where it is not one.
fn steps(pointer: &str) -> Option<impl Iterator<Item = String>> {
    let is_pointer = pointer.is_empty() || pointer.starts_with('/');
    is_pointer.then(|| pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")))
}

fn index(step: &str) -> Option<usize> {
    let is_index = step == "0" || !step.starts_with(['0', '+']);
    is_index.then(|| step.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).unwrap()
    }

    #[test]
    fn pointer_reaches_through_objects_and_arrays() {
        let body = json(r#"{"a/b":[{"x":1},{"t":"secret","x":2}],"~":3}"#);
        assert_eq!(find(&body, "/a~1b/1/t").unwrap().value.get(), "\"secret\"");
        assert_eq!(find(&body, "/~0").unwrap().value.get(), "3");
        for nothing in ["/a~1b/2", "/a~1b/01", "/a~1b/+1", "a~1b", "a"] {
            assert!(find(&body, nothing).is_none(), "{nothing}");
        }
        assert_eq!(remove(&body, "/a~1b/1/t").get(), r#"{"a/b":[{"x":1},{"x":2}],"~":3}"#);
        assert_eq!(remove(&body, "/a~1b/0").get(), r#"{"a/b":[null,{"t":"secret","x":2}],"~":3}"#);
    }

    #[test]
    fn pointer_finds_beside_any_value() {
        let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
        for other in ["1e400", "12345678901234567890123", &deep, r#""\ud83d""#] {
            let body = json(&format!(r#"{{"\ud83d":{other},"a":{{"other":{other},"kind":"x"}}}}"#));
            assert_eq!(find(&body, "/a/kind").unwrap().value.get(), "\"x\"");
            let remaining = format!(r#"{{"\ud83d":{other},"a":{{"other":{other}}}}}"#);
            assert_eq!(remove(&body, "/a/kind").get(), remaining);
        }
    }
}
