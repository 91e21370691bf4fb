//! The documents that a service's own workers get: `{"version", "job": {TOKEN, "input"?, "heartbeatTimeoutSeconds"?}}`.

use std::time::Duration;

use serde_json::value::RawValue;

use super::token_text;
use crate::decode_error::DecodeError;
use crate::execution::Execution;
use crate::fields::{field, given};
use crate::members::{Members, TokenKeys};
use crate::raw_task::RawTask;
use crate::service::Service;

/// The task of such a document for that service; `None` = the service has none, or the body is not one.
pub(super) fn task(members: &Members<'_>, service: Service) -> Result<Option<RawTask>, DecodeError> {
    let Some(name) = service.spec().job_member else { return Ok(None) };
    let (Some(_), Some(job)) = (members.get("version"), members.get(name)) else { return Ok(None) };
    let job = Members::of(job).ok_or(DecodeError::Field(name))?;
    let token = job.token(TokenKeys::of(Some(service))).map_err(|_| DecodeError::MultipleTokens)?;
    let (_, token) = token.ok_or(DecodeError::NoToken)?;
    let token = token_text(token, service)?;
    let input = given(&job, "input")?.unwrap_or(RawValue::NULL).to_owned();
    // 0 = none.
    let heartbeat = field::<u32>(&job, "heartbeatTimeoutSeconds")?.filter(|seconds| *seconds > 0);
    let heartbeat = heartbeat.map(|seconds| Duration::from_secs(seconds.into()));
    Ok(Some(RawTask { token, input, heartbeat, execution: Execution::default() }))
}
