//! The failures of steps outside of this process that fail a task for good.

use std::collections::BTreeSet;

use crate::redact::shown;

/// The ends of a command and of an endpoint that fail the task for good. Every other failure is
/// retryable, so that a broken deployment or a bad moment cannot end a task.
///
/// The default has exit code 65 (`EX_DATAERR` of sysexits.h) and the statuses 400, 410 and 422; a list
/// adds to them.
///
/// ```
/// use taskback::TerminalErrors;
///
/// let errors = TerminalErrors::parse("exit:2,http:404").unwrap();
/// assert!(errors.has_exit_code(2) && errors.has_status(404));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerminalErrors {
    exit_codes: BTreeSet<u16>,
    statuses: BTreeSet<u16>,
}

impl Default for TerminalErrors {
    fn default() -> Self {
        Self { exit_codes: BTreeSet::from([65]), statuses: BTreeSet::from([400, 410, 422]) }
    }
}

impl TerminalErrors {
    /// The default and what `list` adds, separated by commas: `exit:N`, 1 to 255 but neither 126 nor 127, and
    /// `http:N`, 400 to 599. One error for each entry that is neither.
    pub fn parse(list: &str) -> Result<Self, Vec<String>> {
        let (mut errors, mut all) = (Vec::new(), Self::default());
        for entry in list.split(',').map(str::trim) {
            let added = match entry.split_once(':') {
                Some(("exit", code)) => all.add_exit_code(code),
                Some(("http", status)) => all.add_status(status),
                _ => Err("expected exit:N or http:N, separated by commas"),
            };
            if let Err(expected) = added {
                errors.push(format!("invalid entry {}, {expected}", shown(entry)));
            }
        }
        if errors.is_empty() { Ok(all) } else { Err(errors) }
    }

    /// Returns whether a command that ends with this code has failed for good.
    pub fn has_exit_code(&self, code: i32) -> bool {
        u16::try_from(code).is_ok_and(|code| self.exit_codes.contains(&code))
    }

    /// Returns whether a response with this status is a failure for good.
    pub fn has_status(&self, status: u16) -> bool {
        self.statuses.contains(&status)
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

/// Digits and nothing else, where `parse` alone would take a sign.
fn number(text: &str) -> Option<u16> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}
