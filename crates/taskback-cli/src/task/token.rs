//! A task token from standard input: other users of the machine can see arguments.

use std::error::Error;
use std::io::Read;

use taskback::{Service, TaskToken};

/// Parses an argument as the name of a service.
pub(super) fn parse_service(text: &str) -> Result<Service, String> {
    let known = || Service::ALL.map(Service::name).join(", ");
    Service::from_name(&text.to_ascii_lowercase()).ok_or_else(|| format!("expected one of {}", known()))
}

/// Far more than any token has.
const MAX_BYTES: u64 = 64 * 1024;

/// Reads the token; the line end behind it is not a part of it.
pub(super) fn read(service: Service) -> Result<TaskToken, Box<dyn Error>> {
    let mut text = String::new();
    let read = std::io::stdin().lock().take(MAX_BYTES + 1).read_to_string(&mut text);
    read.map_err(|error| format!("standard input: no token: {}", error.kind()))?;
    if text.len() as u64 > MAX_BYTES {
        return Err("standard input: too long for a token".into());
    }
    let token = text.trim_end_matches(['\n', '\r']);
    if token.is_empty() {
        return Err("standard input: no token; it is read from there and never taken as an argument".into());
    }
    Ok(TaskToken::new(service, token).map_err(|error| format!("standard input: {error}"))?)
}
