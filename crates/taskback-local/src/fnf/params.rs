use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use http::StatusCode;
use percent_encoding::percent_decode_str;

use super::refusal::{invalid, missing, too_large};
use crate::request::Request;
use crate::response::Refusal;

/// The maximum size of a request's body, as FnF documents it.
const MAX_BODY: usize = 1024 * 1024;

/// The parameters of query and form in one set, in the byte order of their names.
#[derive(Default)]
pub(super) struct Params(BTreeMap<String, String>);

impl Params {
    pub(super) fn parse(request: &Request) -> Result<Self, Refusal> {
        let body = match &request.body {
            Some(body) if body.len() <= MAX_BODY => body,
            _ => return Err(too_large(format!("The request has more than {MAX_BODY} bytes."))),
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

    pub(super) fn require(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name).ok_or_else(|| missing(name))
    }

    /// An optional text of 1 to `max` characters.
    pub(super) fn text(&self, name: &str, max: usize) -> Result<Option<&str>, Refusal> {
        let Some(text) = self.get(name) else { return Ok(None) };
        match text.chars().count() {
            0 => Err(invalid(format!("{name} must not be empty."))),
            chars if chars > max => Err(invalid(format!("{name} has more than {max} characters."))),
            _ => Ok(Some(text)),
        }
    }

    pub(super) fn require_text(&self, name: &str, max: usize) -> Result<&str, Refusal> {
        self.text(name, max)?.ok_or_else(|| missing(name))
    }

    /// An optional name of a flow or an execution.
    pub(super) fn name(&self, name: &str) -> Result<Option<&str>, Refusal> {
        match self.get(name) {
            Some(value) if !is_name(value) => {
                Err(invalid(format!("{name} must match [A-Za-z_][A-Za-z0-9_-]{{0,127}}.")))
            }
            value => Ok(value),
        }
    }

    pub(super) fn require_name(&self, name: &str) -> Result<&str, Refusal> {
        self.name(name)?.ok_or_else(|| missing(name))
    }

    /// An optional whole number.
    pub(super) fn number(
        &self,
        name: &str,
        allowed: RangeInclusive<usize>,
    ) -> Result<Option<usize>, Refusal> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let number = text.parse().ok().filter(|number| allowed.contains(number));
        let (min, max) = allowed.into_inner();
        number.map(Some).ok_or_else(|| invalid(format!("{name} must be {min} to {max}.")))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(super) fn add(&mut self, form: &str) -> Result<(), Refusal> {
        for pair in form.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name)?, decode(value)?);
            // Which of them counts is undocumented, and the signature covers only one order.
            if self.0.insert(name, value).is_some() {
                return Err(invalid("A parameter is given twice."));
            }
        }
        Ok(())
    }
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
    fn query_and_form_are_one_set() {
        let mut params = Params::default();
        params.add("TaskToken=a%2Bb%2F%3D&Empty=&Bare").unwrap();
        params.add("Output=h%C3%A9+llo").unwrap();
        let seen: Vec<_> = params.iter().collect();
        assert_eq!(seen, [("Bare", ""), ("Empty", ""), ("Output", "hé llo"), ("TaskToken", "a+b/=")]);
    }

    #[test]
    fn ambiguous_form_is_refused() {
        assert!(Params::default().add("a=1&a=2").is_err());
        assert!(Params::default().add("a=%FF").is_err());
        assert!(Params::default().add("%zz=%&&&==").is_ok());
    }
}
