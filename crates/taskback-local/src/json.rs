use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::Error;

/// A JSON object whose fields are taken out one by one; what is left over is an error.
pub(crate) struct Fields(BTreeMap<String, Box<RawValue>>);

impl Fields {
    pub(crate) fn read(body: &[u8]) -> Result<Self, Error> {
        // serde's own message can quote what it read, which may be a token.
        serde_json::from_slice(body).map(Self).map_err(|_| Error::invalid("body: must be a JSON object"))
    }

    /// The field, `None` where it is absent or null; `what` says what it must be.
    pub(crate) fn take<T: DeserializeOwned>(&mut self, name: &str, what: &str) -> Result<Option<T>, Error> {
        let Some(value) = self.0.remove(name) else { return Ok(None) };
        serde_json::from_str(value.get()).map_err(|_| Error::invalid(format!("{name}: must be {what}")))
    }

    pub(crate) fn need<T: DeserializeOwned>(&mut self, name: &str, what: &str) -> Result<T, Error> {
        self.take(name, what)?.ok_or_else(|| Error::invalid(format!("{name}: is required; must be {what}")))
    }

    /// The field's JSON as it was written, no number rounded.
    pub(crate) fn take_raw(&mut self, name: &str) -> Option<String> {
        self.0.remove(name).map(|value| value.get().to_owned())
    }

    pub(crate) fn end(self) -> Result<(), Error> {
        match self.0.into_keys().next() {
            Some(name) => Err(Error::invalid(format!("{name}: is not a field of this request"))),
            None => Ok(()),
        }
    }
}
