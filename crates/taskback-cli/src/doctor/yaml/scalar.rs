//! Plain scalars of YAML 1.1, as the loaders of SAM and CloudFormation resolve them.

use serde_json::{Number, Value};

pub(super) fn resolve(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => return Value::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => {
            return Value::Bool(false);
        }
        _ => {}
    }
    let number = integer(text).map(Number::from).or_else(|| decimal(text).and_then(Number::from_f64));
    number.map_or_else(|| Value::String(text.to_owned()), Value::Number)
}

/// Returns an integer: decimal, hexadecimal, or of base 60 (`1:30`). One with a leading zero stays text: it marks an
/// account id or an octal number, and neither is used in calculations.
fn integer(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix(['-', '+']) {
        Some(digits) => (if text.starts_with('-') { -1 } else { 1 }, digits),
        None => (1, text),
    };
    if let Some(hex) = digits.strip_prefix("0x") {
        return i64::from_str_radix(&hex.replace('_', ""), 16).ok().map(|value| sign * value);
    }
    if digits == "0" {
        return Some(0);
    }
    if !digits.starts_with(|c: char| ('1'..='9').contains(&c)) {
        return None;
    }
    let mut parts = digits.split(':');
    let first = parts.next()?;
    if !first.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_') {
        return None;
    }
    let mut value: i64 = first.replace('_', "").parse().ok()?;
    for part in parts {
        let is_digits = (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        let minute: i64 = part.parse().ok().filter(|minute| is_digits && *minute < 60)?;
        value = value.checked_mul(60)?.checked_add(minute)?;
    }
    Some(sign * value)
}

/// Returns a number with a decimal point.
fn decimal(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, rest) = digits.split_once('.')?;
    let (fraction, exponent) = rest.split_once(['e', 'E']).map_or((rest, None), |(at, by)| (at, Some(by)));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let begins = whole.starts_with(|c: char| c.is_ascii_digit())
        || (whole.is_empty() && fraction.starts_with(|c: char| c.is_ascii_digit()));
    let is_exponent =
        |by: &str| by.len() > 1 && by.starts_with(['+', '-']) && by[1..].bytes().all(|b| b.is_ascii_digit());
    let is_number = begins && are_digits(whole) && are_digits(fraction) && exponent.is_none_or(is_exponent);
    is_number.then(|| text.replace('_', "").parse().ok())?
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn scalars_follow_yaml_1_1() {
        for (text, expected) in [
            ("yes", json!(true)),
            ("Off", json!(false)),
            ("~", json!(null)),
            ("180", json!(180)),
            ("-1_000", json!(-1000)),
            ("0x1F", json!(31)),
            ("1:30", json!(90)),
            ("2.5", json!(2.5)),
            (".5", json!(0.5)),
            ("1.5e+3", json!(1500.0)),
            ("012345678901", json!("012345678901")),
            ("2012-10-17", json!("2012-10-17")),
            ("1e3", json!("1e3")),
            ("1:75", json!("1:75")),
            ("1.2.3", json!("1.2.3")),
            ("yEs", json!("yEs")),
            (".", json!(".")),
            ("99999999999999999999", json!("99999999999999999999")),
        ] {
            assert_eq!(resolve(text), expected, "{text}");
        }
    }
}
