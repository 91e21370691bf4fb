//! The failures of steps outside of this process that fail a task for good.

use std::collections::BTreeSet;

use crate::redact::shown;

/// The ends of a command, of an endpoint and of a handler that fail the task for good. Every other failure is
/// retryable, so that a broken deployment or a bad moment cannot end a task.
///
/// The default has exit code 65 (`EX_DATAERR` of sysexits.h) and the statuses 400, 410 and 422; a list
/// adds to them. No error of a handler is terminal unless the list names it.
///
/// ```
/// use taskback::TerminalErrors;
///
/// let errors = TerminalErrors::parse("exit:2,http:404,CardDeclined").unwrap();
/// assert!(errors.has_exit_code(2) && errors.has_status(404) && errors.has_error("com.shop.CardDeclined"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerminalErrors {
    exit_codes: BTreeSet<u16>,
    statuses: BTreeSet<u16>,
    names: BTreeSet<String>,
}

impl Default for TerminalErrors {
    fn default() -> Self {
        let (exit_codes, statuses) = (BTreeSet::from([65]), BTreeSet::from([400, 410, 422]));
        Self { exit_codes, statuses, names: BTreeSet::new() }
    }
}

impl TerminalErrors {
    /// The default and what `list` adds, separated by commas: `exit:N`, 1 to 255 but neither 126 nor 127,
    /// `http:N`, 400 to 599, and names of errors, such as `CardDeclined`. One error for each entry that is none of
    /// them.
    pub fn parse(list: &str) -> Result<Self, Vec<String>> {
        let (mut errors, mut all) = (Vec::new(), Self::default());
        for entry in list.split(',').map(str::trim) {
            let added = match entry.split_once(':') {
                Some(("exit", code)) => all.add_exit_code(code),
                Some(("http", status)) => all.add_status(status),
                _ if is_name(entry) => {
                    all.names.insert(entry.to_owned());
                    Ok(())
                }
                _ => Err("expected exit:N, http:N or the name of an error, separated by commas"),
            };
            if let Err(expected) = added {
                errors.push(format!("invalid entry {}, {expected}", shown(entry)));
            }
        }
        if errors.is_empty() { Ok(all) } else { Err(errors) }
    }

    /// Adds names of errors, in the form that [`parse`](Self::parse) takes.
    pub fn with_errors<'n>(mut self, names: impl IntoIterator<Item = &'n str>) -> Self {
        self.names.extend(names.into_iter().map(str::to_owned));
        self
    }

    /// Returns whether a command that ends with this code has failed for good.
    pub fn has_exit_code(&self, code: i32) -> bool {
        u16::try_from(code).is_ok_and(|code| self.exit_codes.contains(&code))
    }

    /// Returns whether a response with this status is a failure for good.
    pub fn has_status(&self, status: u16) -> bool {
        self.statuses.contains(&status)
    }

    /// Returns whether a handler's error of this type is a failure for good: the list has its name, with or without
    /// the packages or modules before it, as the runtime of its language writes it.
    pub fn has_error(&self, error_type: &str) -> bool {
        let name = unframed(error_type);
        let last = name.rsplit(SEPARATORS).next().unwrap_or(name);
        [error_type, name, last].iter().any(|name| self.names.contains(*name))
    }

    fn add_exit_code(&mut self, text: &str) -> Result<(), &'static str> {
        let code = number(text).filter(|code| matches!(code, 1..=125 | 128..=255)).ok_or(
            "expected exit:N with N from 1 to 125 or 128 to 255: 0 is success, and a shell ends with 126 or \
             127 when a program is missing",
        )?;
        self.exit_codes.insert(code);
        Ok(())
    }

    fn add_status(&mut self, text: &str) -> Result<(), &'static str> {
        let status = number(text).filter(|status| matches!(status, 400..=599)).ok_or(
            "expected http:N with N from 400 to 599: 2xx is success, and a redirect says nothing of the task",
        )?;
        self.statuses.insert(status);
        Ok(())
    }
}

/// Between the parts of a name: Java's packages and inner classes, Ruby's modules.
const SEPARATORS: [char; 3] = ['.', ':', '$'];

/// The name in the frame that Ruby's runtime writes, `Function<CardDeclined>`.
pub(super) fn unframed(error_type: &str) -> &str {
    let framed = error_type.strip_suffix('>').and_then(|text| text.split_once('<'));
    framed.map_or(error_type, |(_, name)| name)
}

/// Returns whether it can be the name of an error, of at most 256 bytes. Access keys are in capitals too, and longer than constants are.
fn is_name(entry: &str) -> bool {
    let is_part = |part: &str| {
        part.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    let resembles_key =
        entry.len() >= 16 && entry.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let is_scheme = ["exit", "http", "https"].iter().any(|scheme| entry.eq_ignore_ascii_case(scheme));
    entry.len() <= 256
        && !resembles_key
        && !is_scheme
        && entry.replace("::", ".").split(['.', '$']).all(is_part)
}

/// Digits and nothing else, where `parse` alone would take a sign.
fn number(text: &str) -> Option<u16> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}
