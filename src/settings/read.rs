use std::collections::{BTreeSet, HashMap};
use std::ffi::OsString;

use super::error::SettingsError;
use super::names;
use crate::redact::{shown, unusable_in_credentials};

/// Reads typed values and collects all errors, so that they are listed at once.
pub(super) struct Reader {
    /// Those that are set: an empty value is none.
    vars: HashMap<String, String>,
    /// The names of those whose value is not UTF-8.
    unreadable: BTreeSet<String>,
    /// Every name that was read, also of settings that are not set.
    asked: BTreeSet<String>,
    errors: Vec<String>,
}

/// Variables that taskback or an SDK under it reads.
const READ: [&str; 15] = [
    "TASKBACK_",
    "FNF_",
    "FC_",
    "AWS_",
    "ALIBABA_CLOUD_",
    "RUST_LOG",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "https_proxy",
    "http_proxy",
    "all_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
];

impl Reader {
    pub(super) fn new(vars: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let mut reader = Self {
            vars: HashMap::new(),
            unreadable: BTreeSet::new(),
            asked: BTreeSet::new(),
            errors: Vec::new(),
        };
        for (name, value) in vars.into_iter().filter(|(_, value)| !value.is_empty()) {
            let name = name.to_string_lossy().into_owned();
            match value.into_string() {
                Ok(value) => drop(reader.vars.insert(name, value)),
                Err(_) if names::is_foreign(&name) => {}
                Err(_) if READ.iter().any(|start| name.starts_with(start)) => {
                    reader.error(&format!("{name}: the value is not UTF-8"));
                    reader.unreadable.insert(name);
                }
                Err(_) => {}
            }
        }
        reader
    }

    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        self.asked.insert(name.to_owned());
        self.vars.get(name).cloned()
    }

    /// The value of a variable that is not a setting.
    #[cfg(any(feature = "aws", feature = "external-steps", feature = "fnf"))]
    pub(super) fn foreign_text(&self, name: &str) -> Option<String> {
        self.vars.get(name).cloned()
    }

    /// Returns `true` if there is a value, readable or not.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.vars.contains_key(name) || self.unreadable.contains(name)
    }

    /// Every name that was read so far.
    pub(super) fn into_asked(self) -> BTreeSet<String> {
        self.asked
    }

    /// The names of all variables that are set, also those that are read elsewhere.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.vars.keys().chain(&self.unreadable).map(String::as_str)
    }

    /// A part of a key pair, which goes into headers of requests. The error never shows the value.
    pub(super) fn credential(&mut self, name: &str) {
        if let Some(found) = self.text(name).as_deref().and_then(unusable_in_credentials) {
            self.error(&format!("{name}: contains {found}, expected visible ASCII characters only"));
        }
    }

    /// A region becomes a part of host names.
    pub(super) fn region(&mut self, name: &str) {
        let Some(value) = self.text(name) else { return };
        if value.contains(char::is_whitespace) {
            self.error(&format!("{name}: contains white space, expected letters, digits and hyphens"));
        } else if !value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            self.invalid(name, &value, "letters, digits and hyphens");
        }
    }

    /// A host name or address, which logs show: a URL, which may hold a password, is an error.
    pub(super) fn host(&mut self, name: &str) -> Option<String> {
        let value = self.text(name)?;
        if value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte)) {
            return Some(value);
        }
        self.invalid(name, &value, "a host name or address");
        None
    }

    /// A text of at most `max` characters that must be there.
    pub(super) fn needed(&mut self, name: &str, max: usize) -> String {
        let value = self.text(name).unwrap_or_default();
        match value.chars().count() {
            0 if self.is_set(name) => {}
            0 => self.error(&format!("{name} must be set")),
            chars if chars > max => self.error(&format!("{name} has {chars} characters, at most {max}")),
            _ => {}
        }
        value
    }

    pub(super) fn one_of<T: Clone>(&mut self, name: &str, choices: &[(&str, T)]) -> Option<T> {
        let value = self.text(name)?;
        let found = choices.iter().find(|(choice, _)| *choice == value).map(|(_, value)| value.clone());
        if found.is_none() {
            let names: Vec<_> = choices.iter().map(|(choice, _)| *choice).collect();
            self.invalid(name, &value, &format!("one of {}", names.join(", ")));
        }
        found
    }

    pub(super) fn on_or_off(&mut self, name: &str) -> Option<bool> {
        self.one_of(name, &[("on", true), ("off", false)])
    }

    pub(super) fn number(&mut self, name: &str, min: u32, max: u32) -> Option<u32> {
        let value = self.text(name)?;
        let found = value.parse().ok().filter(|number| (min..=max).contains(number));
        if found.is_none() {
            self.invalid(name, &value, &format!("a whole number from {min} to {max}"));
        }
        found
    }

    pub(super) fn pointer(&mut self, name: &str) -> Option<String> {
        let value = self.text(name)?;
        if !value.starts_with('/') {
            self.invalid(name, &value, "a JSON pointer, which starts with /");
            return None;
        }
        Some(value)
    }

    /// A value that the owner of its type parses; the error of `parse` is what was expected.
    pub(super) fn parsed<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, &'static str>,
    ) -> Option<T> {
        let value = self.text(name)?;
        let parsed = parse(&value);
        if let Err(expected) = parsed {
            self.invalid(name, &value, expected);
        }
        parsed.ok()
    }

    /// All variables of that start, which hold URLs.
    pub(super) fn urls(&mut self, start: &str) -> HashMap<String, String> {
        let urls: HashMap<_, _> = self
            .vars
            .iter()
            .filter(|(name, _)| name.starts_with(start))
            .map(|(n, v)| (n.clone(), v.clone()))
            .collect();
        for (name, url) in &urls {
            let rest = ["http://", "https://"].iter().find_map(|scheme| url.strip_prefix(scheme));
            let is_http =
                rest.is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_graphic()));
            if !is_http {
                // A URL may hold credentials: it is not shown.
                self.errors.push(format!("{name} must be a URL that starts with http:// or https://"));
            }
        }
        urls
    }

    /// An error for a value; `expected` is what it may be.
    pub(super) fn invalid(&mut self, name: &str, value: &str, expected: &str) {
        self.error(&format!("{name}: invalid value {}, expected {expected}", shown(value)));
    }

    pub(super) fn error(&mut self, error: &str) {
        self.errors.push(error.to_owned());
    }

    pub(super) fn finish<T>(mut self, settings: T) -> Result<T, SettingsError> {
        if self.errors.is_empty() {
            return Ok(settings);
        }
        self.errors.sort();
        self.errors.dedup();
        Err(SettingsError(self.errors))
    }
}
