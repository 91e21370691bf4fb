use std::collections::HashMap;

use super::{LedgerChoice, SettingsError};

/// Reads typed values and collects every fault, so that all are named at once.
pub(super) struct Reader {
    vars: HashMap<String, String>,
    faults: Vec<String>,
}

impl Reader {
    pub(super) fn new(vars: impl IntoIterator<Item = (String, String)>) -> Self {
        let ours = |name: &str| {
            ["TASKBACK_", "FNF_", "FC_", "AWS_ENDPOINT_URL"].iter().any(|start| name.starts_with(start))
        };
        Self { vars: vars.into_iter().filter(|(name, _)| ours(name)).collect(), faults: Vec::new() }
    }

    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        self.vars.get(name).filter(|value| !value.is_empty()).cloned()
    }

    /// A text of at most `most` characters that must be there.
    #[cfg(feature = "sqs")]
    pub(super) fn needed(&mut self, name: &str, most: usize) -> String {
        let value = self.text(name).unwrap_or_default();
        match value.chars().count() {
            0 => self.fault(&format!("{name} must be set")),
            chars if chars > most => self.fault(&format!("{name} has {chars} characters, at most {most}")),
            _ => {}
        }
        value
    }

    pub(super) fn one_of<T: Clone>(&mut self, name: &str, choices: &[(&str, T)]) -> Option<T> {
        let value = self.text(name)?;
        let found = choices.iter().find(|(choice, _)| *choice == value).map(|(_, value)| value.clone());
        if found.is_none() {
            let names: Vec<_> = choices.iter().map(|(choice, _)| *choice).collect();
            self.fault(&format!("{name} is {}, and may be {}", shown(&value), names.join(" or ")));
        }
        found
    }

    pub(super) fn number(&mut self, name: &str, least: u32, most: u32) -> Option<u32> {
        let value = self.text(name)?;
        let found = value.parse().ok().filter(|number| (least..=most).contains(number));
        if found.is_none() {
            self.fault(&format!(
                "{name} is {}, and may be a whole number from {least} to {most}",
                shown(&value)
            ));
        }
        found
    }

    pub(super) fn pointer(&mut self, name: &str) -> Option<String> {
        let value = self.text(name)?;
        if !value.starts_with('/') {
            self.fault(&format!("{name} is {}, and a JSON pointer starts with /", shown(&value)));
            return None;
        }
        Some(value)
    }

    /// `memory`, or `dynamodb:` and the name of a table.
    pub(super) fn ledger(&mut self, name: &str) -> LedgerChoice {
        let Some(value) = self.text(name) else { return LedgerChoice::Memory };
        match value.split_once(':') {
            None if value == "memory" => {}
            #[cfg(not(feature = "dynamodb"))]
            Some(("dynamodb", _)) => {
                self.fault(&format!("{name} is {}, which needs the feature dynamodb", shown(&value)));
            }
            #[cfg(feature = "dynamodb")]
            Some(("dynamodb", table)) if is_table(table) => {
                return LedgerChoice::DynamoDb { table: table.to_owned() };
            }
            #[cfg(feature = "dynamodb")]
            Some(("dynamodb", _)) => {
                self.fault(&format!(
                    "{name} is {}, and a table's name has 3 to 255 of A-Z a-z 0-9 _ . -",
                    shown(&value)
                ));
            }
            _ => self.fault(&format!("{name} is {}, and may be memory or dynamodb:TABLE", shown(&value))),
        }
        LedgerChoice::Memory
    }

    /// All variables of that start that hold URLs; empty ones stay, for they mean unset.
    pub(super) fn urls(&mut self, start: &str) -> HashMap<String, String> {
        let urls: HashMap<_, _> = self
            .vars
            .iter()
            .filter(|(name, _)| name.starts_with(start))
            .map(|(n, v)| (n.clone(), v.clone()))
            .collect();
        for (name, url) in &urls {
            let is_http = url.starts_with("http://") || url.starts_with("https://");
            if !url.is_empty() && !is_http {
                // A URL may hold credentials: it is not shown.
                self.faults.push(format!("{name} must start with http:// or https://"));
            }
        }
        urls
    }

    pub(super) fn fault(&mut self, fault: &str) {
        self.faults.push(fault.to_owned());
    }

    pub(super) fn finish<T>(mut self, settings: T) -> Result<T, SettingsError> {
        if self.faults.is_empty() {
            return Ok(settings);
        }
        self.faults.sort();
        Err(SettingsError(self.faults))
    }
}

/// DynamoDB's rule for names of tables.
#[cfg(feature = "dynamodb")]
fn is_table(name: &str) -> bool {
    (3..=255).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
}

/// A value as far as it helps to see the fault.
pub(super) fn shown(value: &str) -> String {
    let start: String = value.chars().take(40).collect();
    format!("{start:?}{}", if start.len() < value.len() { " (cut)" } else { "" })
}
