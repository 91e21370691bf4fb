//! The exact comparison of the values of two JSON texts.

use std::borrow::Cow;
use std::iter::zip;

use serde_json::value::RawValue;

/// Returns whether two JSON texts have the same value. An empty text counts as an empty object, which is what a
/// start without input gets.
///
/// Numbers are compared as decimals of any length (1 = 1.0 = 10e-1, -0 = 0) and never become floating point; strings
/// by their characters, however they are escaped; the order of members does not matter, but members that share a key
/// must be the same in their order. Where equality cannot be shown the answer is `false`: texts that are not JSON,
/// exponents of more than 30 digits that are written differently. Time and memory grow with the length of the
/// texts only, not with their depth or with the size of a number.
pub(crate) fn is_same_json(one: &str, other: &str) -> bool {
    let (one, other) = (or_empty_object(one), or_empty_object(other));
    if one == other {
        return true;
    }
    match (Document::parse(one), Document::parse(other)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

fn or_empty_object(text: &str) -> &str {
    match text.trim_matches([' ', '\t', '\n', '\r']) {
        "" => "{}",
        text => text,
    }
}

/// A text's values in one list, each behind its parts; the last is the whole. A tree would need recursion.
struct Document<'t>(Vec<Node<'t>>);

enum Node<'t> {
    /// `true`, `false`, `null`.
    Word(&'t str),
    Number(Decimal<'t>),
    Text(Characters<'t>),
    Array(Vec<usize>),
    /// Sorted by key.
    Object(Vec<(Characters<'t>, usize)>),
}

/// A string's characters in UTF-8, a lone surrogate in the same scheme.
type Characters<'t> = Cow<'t, [u8]>;

/// An array or object whose end is not read yet.
enum Open<'t> {
    Array(Vec<usize>),
    Object(Vec<(Characters<'t>, usize)>, Option<Characters<'t>>),
}

impl<'t> Document<'t> {
    /// `None` = the text is not JSON.
    fn parse(text: &'t str) -> Option<Self> {
        // Checks the whole text, without recursion and without a look at numbers; below only tokens are distinguished.
        serde_json::from_str::<&RawValue>(text).ok()?;
        let bytes = text.as_bytes();
        let (mut nodes, mut open, mut at) = (Vec::new(), Vec::new(), 0);
        while let Some(byte) = bytes.get(at) {
            let begin = at;
            at += 1;
            let node = match byte {
                b' ' | b'\t' | b'\n' | b'\r' | b',' | b':' => continue,
                b'[' => {
                    open.push(Open::Array(Vec::new()));
                    continue;
                }
                b'{' => {
                    open.push(Open::Object(Vec::new(), None));
                    continue;
                }
                b']' | b'}' => match open.pop()? {
                    Open::Array(items) => Node::Array(items),
                    Open::Object(mut members, _) => {
                        // Stable, so that members of one key keep their order.
                        members.sort_by(|(one, _), (other, _)| one.cmp(other));
                        Node::Object(members)
                    }
                },
                b'"' => {
                    while *bytes.get(at)? != b'"' {
                        at += if bytes[at] == b'\\' { 2 } else { 1 };
                    }
                    let characters = characters(text.get(begin + 1..at)?);
                    at += 1;
                    if let Some(Open::Object(_, key @ None)) = open.last_mut() {
                        *key = Some(characters);
                        continue;
                    }
                    Node::Text(characters)
                }
                _ => {
                    let is_end =
                        |byte: &u8| matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r');
                    at = bytes[begin..].iter().position(is_end).map_or(bytes.len(), |length| begin + length);
                    let token = text.get(begin..at)?;
                    match byte {
                        b't' | b'f' | b'n' => Node::Word(token),
                        _ => Node::Number(Decimal::parse(token)),
                    }
                }
            };
            match open.last_mut() {
                Some(Open::Array(items)) => items.push(nodes.len()),
                Some(Open::Object(members, key)) => members.push((key.take()?, nodes.len())),
                None => {}
            }
            nodes.push(node);
        }
        Some(Self(nodes))
    }
}

impl PartialEq for Document<'_> {
    fn eq(&self, other: &Self) -> bool {
        let roots = self.0.len().checked_sub(1).zip(other.0.len().checked_sub(1));
        let mut pairs: Vec<(usize, usize)> = roots.into_iter().collect();
        while let Some((one, another)) = pairs.pop() {
            let is_same = match (&self.0[one], &other.0[another]) {
                (Node::Word(one), Node::Word(another)) => one == another,
                (Node::Number(one), Node::Number(another)) => one == another,
                (Node::Text(one), Node::Text(another)) => one == another,
                (Node::Array(one), Node::Array(another)) => {
                    pairs.extend(zip(one, another).map(|(one, another)| (*one, *another)));
                    one.len() == another.len()
                }
                (Node::Object(one), Node::Object(another)) => {
                    pairs.extend(zip(one, another).map(|((_, one), (_, another))| (*one, *another)));
                    one.len() == another.len()
                        && zip(one, another).all(|((one, _), (another, _))| one == another)
                }
                _ => false,
            };
            if !is_same {
                return false;
            }
        }
        true
    }
}

/// A number as ± digits × 10^exponent, with neither leading nor trailing zeros in its digits; zero has none.
#[derive(PartialEq, Eq, Debug)]
struct Decimal<'t> {
    negative: bool,
    digits: Cow<'t, str>,
    exponent: Exponent<'t>,
}

#[derive(PartialEq, Eq, Debug)]
enum Exponent<'t> {
    Known(i128),
    /// Too long to be added to: its sign and digits as written, and what would be added.
    Long(bool, &'t str, i128),
}

/// The digits of an exponent that are worked out; with a text's length added they fit in 128 bits.
const EXPONENT_DIGITS: usize = 30;

impl<'t> Decimal<'t> {
    /// `text` is a number in JSON's grammar.
    fn parse(text: &'t str) -> Self {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
        let (mantissa, power) = text.split_once(['e', 'E']).unwrap_or((text, ""));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all =
            if fraction.is_empty() { Cow::Borrowed(whole) } else { Cow::Owned(format!("{whole}{fraction}")) };
        let significant = all.trim_end_matches('0').len();
        let shift = difference(all.len() - significant, fraction.len());
        let digits = match all {
            Cow::Borrowed(all) => Cow::Borrowed(all[..significant].trim_start_matches('0')),
            Cow::Owned(all) => Cow::Owned(all[..significant].trim_start_matches('0').to_owned()),
        };
        if digits.is_empty() {
            return Self { negative: false, digits, exponent: Exponent::Known(0) };
        }
        let below_zero = power.starts_with('-');
        let power = power.trim_start_matches(['+', '-']).trim_start_matches('0');
        let exponent = match power.parse::<i128>() {
            _ if power.is_empty() => Exponent::Known(shift),
            Ok(value) if power.len() <= EXPONENT_DIGITS => {
                Exponent::Known(if below_zero { shift - value } else { shift + value })
            }
            _ => Exponent::Long(below_zero, power, shift),
        };
        Self { negative, digits, exponent }
    }
}

fn difference(more: usize, less: usize) -> i128 {
    more as i128 - less as i128
}

/// The characters of a string's inside, whose escapes are known to be well-formed.
fn characters(inside: &str) -> Characters<'_> {
    if !inside.contains('\\') {
        return Cow::Borrowed(inside.as_bytes());
    }
    let (mut found, mut rest) = (Vec::with_capacity(inside.len()), inside);
    while let Some((plain, escaped)) = rest.split_once('\\') {
        found.extend_from_slice(plain.as_bytes());
        let (mut unit, behind) = unit(escaped);
        (unit, rest) = match (unit, behind.strip_prefix("\\u").map(self::hex)) {
            (0xD800..0xDC00, Some((low @ 0xDC00..0xE000, behind))) => {
                (0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00), behind)
            }
            _ => (unit, behind),
        };
        push(&mut found, unit);
    }
    found.extend_from_slice(rest.as_bytes());
    Cow::Owned(found)
}

/// Reads the text after a backslash: the UTF-16 unit that it stands for, and the text behind it.
fn unit(escaped: &str) -> (u32, &str) {
    let mut chars = escaped.chars();
    let unit = match chars.next() {
        Some('u') => return hex(chars.as_str()),
        Some('b') => 8,
        Some('t') => 9,
        Some('n') => 10,
        Some('f') => 12,
        Some('r') => 13,
        Some(itself) => u32::from(itself),
        None => 0,
    };
    (unit, chars.as_str())
}

fn hex(text: &str) -> (u32, &str) {
    let (digits, behind) = text.split_at_checked(4).unwrap_or((text, ""));
    (u32::from_str_radix(digits, 16).unwrap_or_default(), behind)
}

fn push(bytes: &mut Vec<u8>, unit: u32) {
    match char::from_u32(unit) {
        Some(char) => bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
        // A lone surrogate, in the three bytes that UTF-8 would have for it; no character has these.
        None => bytes
            .extend([0xE0 | unit >> 12, 0x80 | unit >> 6 & 0x3F, 0x80 | unit & 0x3F].map(|byte| byte as u8)),
    }
}

#[cfg(test)]
mod tests;
