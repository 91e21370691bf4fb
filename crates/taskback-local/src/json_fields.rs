use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::error::AdminError;

/// The fields of a JSON object, taken out one by one. A remaining field is an error.
pub(crate) struct JsonFields(BTreeMap<String, Box<RawValue>>);

impl JsonFields {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, AdminError> {
        // serde's own message can quote the input, which may hold a token.
        serde_json::from_slice(body).map(Self).map_err(|_| AdminError::invalid("body: must be a JSON object"))
    }

    /// Takes the field out. `None` means absent or null; `expected` describes valid values for the error.
    pub(crate) fn take<T: DeserializeOwned>(
        &mut self,
        name: &str,
        expected: &str,
    ) -> Result<Option<T>, AdminError> {
        let Some(value) = self.0.remove(name) else { return Ok(None) };
        serde_json::from_str(value.get())
            .map_err(|_| AdminError::invalid(format!("{name}: must be {expected}")))
    }

    pub(crate) fn require<T: DeserializeOwned>(
        &mut self,
        name: &str,
        expected: &str,
    ) -> Result<T, AdminError> {
        let value = self.take(name, expected)?;
        value.ok_or_else(|| AdminError::invalid(format!("{name}: is required; must be {expected}")))
    }

    /// Takes the field's JSON text out unchanged, with no number rounded.
    pub(crate) fn take_raw(&mut self, name: &str) -> Option<String> {
        self.0.remove(name).map(|value| value.get().to_owned())
    }

    /// Ends the reading; a field that was not taken out is an error.
    pub(crate) fn finish(self) -> Result<(), AdminError> {
        match self.0.into_keys().next() {
            Some(name) => Err(AdminError::invalid(format!("{name}: is not a field of this request"))),
            None => Ok(()),
        }
    }
}
