use std::time::Duration;

use super::read::Reader;
use crate::host::fc::config::FcConfig;

pub(super) fn read(read: &mut Reader) -> FcConfig {
    let defaults = FcConfig::default();
    let timeout = read.number("TASKBACK_FC_TIMEOUT", 1, 86400);
    let asynchronous = read.one_of("TASKBACK_FC_INVOCATION", &[("sync", false), ("async", true)]);
    let port =
        read.number("FC_SERVER_PORT", 1, 65535).or_else(|| read.number("FC_CUSTOM_LISTEN_PORT", 1, 65535));
    // The host sets it: a value that is not a number is not an error of the settings.
    let memory = read.text("FC_FUNCTION_MEMORY_SIZE").and_then(|mib| mib.parse().ok());
    FcConfig {
        timeout: timeout.map(|seconds| Duration::from_secs(seconds.into())),
        asynchronous: asynchronous.unwrap_or(defaults.asynchronous),
        port: port.and_then(|port| u16::try_from(port).ok()).unwrap_or(defaults.port),
        memory,
    }
}
