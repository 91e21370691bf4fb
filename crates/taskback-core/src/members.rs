//! The members of a JSON object and the elements of an array as raw text, so that no number is
//! rounded and nothing is re-encoded.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::token_keys::TokenKeys;

/// A JSON object's members in their order, each as raw text; repeated names are all there.
///
/// Of an object with many members none is held, since each takes more memory than the few bytes that it may be written
/// with: every query then reads the object again.
pub struct Members<'a> {
    text: &'a str,
    few: Option<Vec<Member<'a>>>,
}

/// Shows the size only: a member may be a token.
impl fmt::Debug for Members<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Members({} bytes)", self.text.len())
    }
}

/// The maximum of members that are held.
const MAX_HELD: usize = 4096;

/// One member.
#[derive(Clone, Copy)]
pub(crate) struct Member<'a> {
    /// The name as it is written, with its quotes.
    pub(crate) key: &'a str,
    pub(crate) value: &'a RawValue,
}

/// A name that taskback reads is there more than once with a value, so that it is ambiguous.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Repeated;

impl<'a> Members<'a> {
    /// The members of a value; `None` where it is not an object.
    pub fn of(json: &'a RawValue) -> Option<Self> {
        Self::parse(json.get())
    }

    /// The members of an object in `text`; `None` where it is not JSON, or not an object.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (mut few, mut count) = (Vec::new(), 0);
        scan(text, |member| {
            count += 1;
            if count <= MAX_HELD {
                few.push(member);
            } else {
                few = Vec::new();
            }
        })?;
        Some(Self { text, few: (count <= MAX_HELD).then_some(few) })
    }

    /// The one value under exactly this name; `None` where there is none, or more than one. Null counts
    /// as absent.
    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        let [only, more] = self.first_two(|other| other == name);
        only.filter(|_| more.is_none()).map(|member| member.value)
    }

    /// The value under exactly this name where it is Unicode text.
    pub fn text(&self, name: &str) -> Option<String> {
        text(self.get(name)?)
    }

    /// Whether a task token is there, under any of the names that it has for every service, in any case: nothing else is
    /// then read in its place.
    pub fn holds_token(&self) -> bool {
        self.holds_token_of(TokenKeys::default())
    }

    /// Whether a task token is there, under any of these names in any case.
    pub(crate) fn holds_token_of(&self, keys: TokenKeys) -> bool {
        self.first_two(|name| keys.contains(name))[0].is_some()
    }

    /// The value under this name in any case; null only where all of them are null.
    pub(crate) fn in_any_case(&self, name: &str) -> Result<Option<&'a RawValue>, Repeated> {
        match self.first_two(|other| other.eq_ignore_ascii_case(name)) {
            [_, Some(_)] => Err(Repeated),
            [Some(only), None] => Ok(Some(only.value)),
            [None, None] => {
                let mut null = None;
                self.each(|member| {
                    if null.is_none() && member.is_in_any_case(name) {
                        null = Some(member.value);
                    }
                });
                Ok(null)
            }
        }
    }

    /// All values under this name in any case, without nulls.
    pub(crate) fn all_in_any_case(&self, name: &str) -> impl Iterator<Item = &'a RawValue> {
        let mut values = Vec::new();
        self.each(|member| {
            if member.is_in_any_case(name) && !is_null(member.value) {
                values.push(member.value);
            }
        });
        values.into_iter()
    }

    /// The only token with its name, in any case.
    pub(crate) fn token(&self, keys: TokenKeys) -> Result<Option<(Cow<'a, str>, &'a RawValue)>, Repeated> {
        match self.first_two(|name| keys.contains(name)) {
            [_, Some(_)] => Err(Repeated),
            [only, None] => Ok(only.and_then(|member| Some((member.name()?, member.value)))),
        }
    }

    /// The object without the members of exactly this name; the others stay as they are written.
    pub(crate) fn without(&self, name: &str) -> Box<RawValue> {
        self.write(|member| (!member.is(name)).then_some(Cow::Borrowed(member.value.get())))
    }

    /// The first two members with such a name and a value beside null.
    fn first_two(&self, is: impl Fn(&str) -> bool) -> [Option<Member<'a>>; 2] {
        let mut found = [None, None];
        self.each(|member| {
            if let Some(free) = found.iter_mut().find(|found| found.is_none())
                && member.name().is_some_and(|name| is(&name))
                && !is_null(member.value)
            {
                *free = Some(member);
            }
        });
        found
    }

    /// The last value under exactly this name, and whether there are more.
    pub(crate) fn last(&self, name: &str) -> Option<(&'a RawValue, bool)> {
        let (mut null, mut last, mut more) = (None, None, false);
        self.each(|member| {
            if !member.is(name) {
                return;
            }
            if is_null(member.value) {
                null = Some(member.value);
            } else {
                more = last.replace(member.value).is_some();
            }
        });
        Some((last.or(null)?, more))
    }

    /// The object with these values; members without one are left out.
    pub(crate) fn write(&self, mut value: impl FnMut(Member<'a>) -> Option<Cow<'a, str>>) -> Box<RawValue> {
        let mut text = String::with_capacity(self.text.len());
        text.push('{');
        self.each(|member| {
            let Some(value) = value(member) else { return };
            if text.len() > 1 {
                text.push(',');
            }
            text.extend([member.key, ":", &value]);
        });
        text.push('}');
        raw(text)
    }

    /// Passes every member to `look`.
    pub(crate) fn each(&self, mut look: impl FnMut(Member<'a>)) {
        match &self.few {
            Some(members) => members.iter().copied().for_each(look),
            // It was read before, and so cannot fail.
            None => {
                let _ = scan(self.text, &mut look);
            }
        }
    }
}

impl<'a> Member<'a> {
    /// The name as it is read; `None` where its escapes are not Unicode text, so that it equals no other. Borrowed
    /// where it has no escape.
    pub(crate) fn name(self) -> Option<Cow<'a, str>> {
        match self.key.get(1..self.key.len() - 1) {
            Some(plain) if !plain.contains('\\') => Some(Cow::Borrowed(plain)),
            _ => serde_json::from_str(self.key).ok().map(Cow::Owned),
        }
    }

    /// Whether it has exactly this name.
    pub(crate) fn is(self, name: &str) -> bool {
        self.name().is_some_and(|own| own == name)
    }

    fn is_in_any_case(self, name: &str) -> bool {
        self.name().is_some_and(|own| own.eq_ignore_ascii_case(name))
    }
}

/// The text of a JSON string; `None` where it is another value, or its escapes are not Unicode text.
pub(crate) fn text(json: &RawValue) -> Option<String> {
    serde_json::from_str(json.get()).ok()
}

/// Whether the value is null.
pub(crate) fn is_null(value: &RawValue) -> bool {
    value.get() == "null"
}

/// The elements of an array; `None` where it is another value.
pub(crate) fn elements(json: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(json.get()).ok()
}

/// The JSON that raw JSON was put together to.
pub(crate) fn raw(json: String) -> Box<RawValue> {
    RawValue::from_string(json).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// Passes every member of an object to `look`; `None` where the text is not JSON, or not an object.
fn scan<'a>(text: &'a str, look: impl FnMut(Member<'a>)) -> Option<()> {
    struct Object<F>(F);
    impl<'de, F: FnMut(Member<'de>)> Visitor<'de> for Object<F> {
        type Value = ();
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
            while let Some(key) = map.next_key::<&RawValue>()? {
                (self.0)(Member { key: key.get(), value: map.next_value()? });
            }
            Ok(())
        }
    }
    let mut json = serde_json::Deserializer::from_str(text);
    json.deserialize_map(Object(look)).ok()?;
    json.end().ok()
}

#[cfg(test)]
mod tests;
