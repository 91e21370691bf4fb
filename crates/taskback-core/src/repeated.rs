use std::collections::HashMap;

use serde_json::value::RawValue;

use crate::members::{Members, elements, raw};

/// Leaves only the last of repeated names, for readers that refuse the others; `None` where
/// nothing is repeated. Values below 128 levels stay as they are.
pub fn without_repeated(json: &RawValue) -> Option<Box<RawValue>> {
    let mut text = String::new();
    unrepeated(json, 128, &mut text).then(|| raw(text))
}

/// Writes it to the end of `text`. Returns whether something was left out.
fn unrepeated(json: &RawValue, levels: u8, text: &mut String) -> bool {
    let (start, mut changed) = (text.len(), false);
    let next = |text: &mut String| {
        if text.len() > start + 1 {
            text.push(',');
        }
    };
    match (levels.checked_sub(1), Members::of(json)) {
        (Some(levels), Some(members)) => {
            let mut remaining: HashMap<_, usize> = HashMap::new();
            members.each(|member| {
                if let Some(name) = member.name() {
                    *remaining.entry(name).or_default() += 1;
                }
            });
            text.push('{');
            members.each(|member| {
                let remaining = member.name().and_then(|name| remaining.get_mut(&name)).map(|remaining| {
                    *remaining -= 1;
                    *remaining
                });
                if remaining.is_some_and(|remaining| remaining > 0) {
                    changed = true;
                    return;
                }
                next(text);
                text.push_str(member.key);
                text.push(':');
                changed |= unrepeated(member.value, levels, text);
            });
            text.push('}');
        }
        (Some(levels), None) if json.get().starts_with('[') => {
            text.push('[');
            for element in elements(json).unwrap_or_default() {
                next(text);
                changed |= unrepeated(element, levels, text);
            }
            text.push(']');
        }
        _ => text.push_str(json.get()),
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).unwrap()
    }

    #[test]
    fn last_of_repeated_names_stays() {
        let last = |text: &str| without_repeated(&json(text)).map(|json| json.get().to_owned());
        let text = r#"{"a":1,"b":[{"c":1e400,"\u0063":1.00000000000000000001}],"a":{"d":1,"\ud83d":2,"\ud83d":3,"d":4}}"#;
        let remaining = r#"{"b":[{"\u0063":1.00000000000000000001}],"a":{"\ud83d":2,"\ud83d":3,"d":4}}"#;
        assert_eq!(last(text).as_deref(), Some(remaining));
        let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
        for text in [r#"{"a":1,"A":2}"#, "[1, 1]", "1e400", "\"a\"", &deep] {
            assert_eq!(last(text), None, "{text}");
        }
    }
}
