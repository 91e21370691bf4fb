//! The environment of this process, read in this file only.

use std::ffi::OsString;

/// All variables, as the system has them: the settings reject a value that is not UTF-8.
pub(crate) fn vars() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os()
}

/// The variables whose name begins with one of the prefixes.
pub(crate) fn vars_with_prefix(prefixes: &[&str]) -> impl Iterator<Item = (OsString, OsString)> {
    vars().filter(move |(name, _)| {
        let name = name.to_string_lossy();
        prefixes.iter().any(|prefix| name.starts_with(prefix))
    })
}

/// A variable's value as text; an empty value is unset.
pub(crate) fn text(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// True if a variable has a value; an empty value is unset.
pub(crate) fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}
