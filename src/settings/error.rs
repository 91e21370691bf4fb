use std::fmt;

/// All errors of the settings, each with its name and what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError(pub Vec<String>);

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "settings: {}", self.0.join("; "))
    }
}

impl std::error::Error for SettingsError {}
