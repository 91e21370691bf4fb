//! The documents that a service's own workers get: `{"version", "job": {TOKEN, "input"?, "heartbeatTimeoutSeconds"?}}`.

use std::time::Duration;

use serde_json::value::RawValue;

use crate::decode_error::DecodeError;
use crate::fields::{field, given};
use crate::members::{Members, Repeated};
use crate::token_keys::TokenKeys;

/// The task in such a document.
pub(super) struct Job<'a> {
    pub(super) token: &'a RawValue,
    pub(super) input: Box<RawValue>,
    pub(super) heartbeat: Option<Duration>,
}

impl<'a> Job<'a> {
    /// Reads the member of that name; `None` = the body is not such a document.
    pub(super) fn read(
        members: &Members<'a>,
        name: &'static str,
        keys: TokenKeys,
    ) -> Result<Option<Self>, DecodeError> {
        let (Some(_), Some(job)) = (members.get("version"), members.get(name)) else { return Ok(None) };
        let job = Members::of(job).ok_or(DecodeError::Field(name))?;
        let token = job.token(keys).map_err(|Repeated| DecodeError::MultipleTokens)?;
        let (_, token) = token.ok_or(DecodeError::NoToken)?;
        // 0 = none.
        let heartbeat = field::<u32>(&job, "heartbeatTimeoutSeconds")?.filter(|seconds| *seconds > 0);
        Ok(Some(Self {
            token,
            input: given(&job, "input")?.unwrap_or(RawValue::NULL).to_owned(),
            heartbeat: heartbeat.map(|seconds| Duration::from_secs(seconds.into())),
        }))
    }
}
