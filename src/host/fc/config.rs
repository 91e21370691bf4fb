use std::time::Duration;

/// The timeout and the kind of invocation of a function on Function Compute, and the port that its host calls.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FcConfig {
    /// `TASKBACK_FC_TIMEOUT`: the function's timeout, 1 to 86400 s; unset counts as 3 s, with a warning.
    pub timeout: Option<Duration>,
    /// `TASKBACK_FC_INVOCATION`: `sync` (default), or `async` where Function Compute retries a direct invocation that
    /// failed.
    pub asynchronous: bool,
    /// `FC_SERVER_PORT`, else `FC_CUSTOM_LISTEN_PORT`, which the host sets; default 9000.
    pub port: u16,
    /// `FC_FUNCTION_MEMORY_SIZE`, which the host sets: the function's memory in MiB.
    pub memory: Option<usize>,
}

impl Default for FcConfig {
    fn default() -> Self {
        Self { timeout: None, asynchronous: false, port: 9000, memory: None }
    }
}
