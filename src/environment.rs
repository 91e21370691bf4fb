//! This process's environment. An empty variable counts as unset.

use std::ffi::OsString;

/// All variables that are set, as the system has them.
pub(crate) fn vars() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os().filter(|(_, value)| !value.is_empty())
}

/// The value of a variable, where it is set and UTF-8.
pub(crate) fn text(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Returns `true` if a variable has a value, readable or not.
pub(crate) fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

/// Returns `true` if any variable of AWS is set, as every host of AWS sets them.
pub(crate) fn names_aws() -> bool {
    vars().any(|(name, _)| name.as_encoded_bytes().starts_with(b"AWS_"))
}
