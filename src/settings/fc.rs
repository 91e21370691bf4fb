use std::time::Duration;

use super::Reader;

/// What Function Compute does not tell a function, and where its host calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FcSettings {
    /// `TASKBACK_FC_TIMEOUT`: the function's timeout, 1 to 86400 s; unset counts as 3 s, with a warning.
    pub timeout: Option<Duration>,
    /// `TASKBACK_FC_INVOCATION`: `sync` (default), or `async` where Function Compute tries a direct
    /// invocation again that failed.
    pub asynchronous: bool,
    /// `FC_SERVER_PORT`, else `FC_CUSTOM_LISTEN_PORT`, which the host sets; default 9000.
    pub port: u16,
}

impl FcSettings {
    pub(super) fn read(read: &mut Reader) -> Self {
        let timeout = read.number("TASKBACK_FC_TIMEOUT", 1, 86400);
        let asynchronous = read.one_of("TASKBACK_FC_INVOCATION", &[("sync", false), ("async", true)]);
        let port = read
            .number("FC_SERVER_PORT", 1, 65535)
            .or_else(|| read.number("FC_CUSTOM_LISTEN_PORT", 1, 65535));
        Self {
            timeout: timeout.map(|seconds| Duration::from_secs(seconds.into())),
            asynchronous: asynchronous.unwrap_or(false),
            port: port.and_then(|port| u16::try_from(port).ok()).unwrap_or(9000),
        }
    }
}
