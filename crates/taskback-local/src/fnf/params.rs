use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use http::StatusCode;
use percent_encoding::percent_decode_str;

use super::{MOST_BODY, invalid, missing};
use crate::answer::Refusal;
use crate::request::Request;

/// The parameters of query and form together, in the byte order of their names.
#[derive(Default)]
pub(super) struct Params(BTreeMap<String, String>);

impl Params {
    pub(super) fn read(request: &Request) -> Result<Self, Refusal> {
        let body = match &request.body {
            Some(body) if body.len() <= MOST_BODY => body,
            _ => return Err(too_large(format!("The request has more than {MOST_BODY} bytes."))),
        };
        if !body.is_empty() && request.media_type() != "application/x-www-form-urlencoded" {
            let message = "The content type must be application/x-www-form-urlencoded.";
            return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", message));
        }
        let body = std::str::from_utf8(body).map_err(|_| invalid("The form is not UTF-8."))?;
        let mut params = Self::default();
        params.add(&request.query)?;
        params.add(body)?;
        Ok(params)
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(super) fn need(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name).ok_or_else(|| missing(name))
    }

    /// A text of 1 to `most` characters that may be absent.
    pub(super) fn text(&self, name: &str, most: usize) -> Result<Option<&str>, Refusal> {
        let Some(text) = self.get(name) else { return Ok(None) };
        match text.chars().count() {
            0 => Err(invalid(format!("{name} must not be empty."))),
            chars if chars > most => Err(invalid(format!("{name} has more than {most} characters."))),
            _ => Ok(Some(text)),
        }
    }

    pub(super) fn need_text(&self, name: &str, most: usize) -> Result<&str, Refusal> {
        self.text(name, most)?.ok_or_else(|| missing(name))
    }

    /// The name of a flow or an execution, which may be absent.
    pub(super) fn name(&self, name: &str) -> Result<Option<&str>, Refusal> {
        match self.get(name) {
            Some(value) if !is_name(value) => {
                Err(invalid(format!("{name} must match [A-Za-z_][A-Za-z0-9_-]{{0,127}}.")))
            }
            value => Ok(value),
        }
    }

    pub(super) fn need_name(&self, name: &str) -> Result<&str, Refusal> {
        self.name(name)?.ok_or_else(|| missing(name))
    }

    /// A whole number that may be absent.
    pub(super) fn number(
        &self,
        name: &str,
        allowed: RangeInclusive<usize>,
    ) -> Result<Option<usize>, Refusal> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let number = text.parse().ok().filter(|number| allowed.contains(number));
        let (least, most) = allowed.into_inner();
        number.map(Some).ok_or_else(|| invalid(format!("{name} must be {least} to {most}.")))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(super) fn add(&mut self, form: &str) -> Result<(), Refusal> {
        for pair in form.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name)?, decode(value)?);
            // Which one counts would be a guess, and the signature covers only one order.
            if self.0.insert(name, value).is_some() {
                return Err(invalid("A parameter is given twice."));
            }
        }
        Ok(())
    }
}

pub(super) fn too_large(message: impl Into<String>) -> Refusal {
    Refusal::bad_request("EntityTooLarge", message)
}

fn is_name(text: &str) -> bool {
    let start = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let rest = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    start && rest && text.len() <= 128
}

fn decode(text: &str) -> Result<String, Refusal> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8();
    decoded.map(Into::into).map_err(|_| invalid("A parameter is not UTF-8."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_and_form_are_one_set_of_decoded_parameters() {
        let mut params = Params::default();
        params.add("TaskToken=a%2Bb%2F%3D&Empty=&Bare").unwrap();
        params.add("Output=h%C3%A9+llo").unwrap();
        let seen: Vec<_> = params.iter().collect();
        assert_eq!(seen, [("Bare", ""), ("Empty", ""), ("Output", "hé llo"), ("TaskToken", "a+b/=")]);
    }

    #[test]
    fn hostile_forms_are_refused_and_not_guessed_at() {
        assert!(Params::default().add("a=1&a=2").is_err());
        assert!(Params::default().add("a=%FF").is_err());
        assert!(Params::default().add("%zz=%&&&==").is_ok());
    }
}
