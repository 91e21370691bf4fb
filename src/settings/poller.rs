use std::time::Duration;

use super::read::Reader;
use crate::poller::config::PollerConfig;

pub(super) fn read(read: &mut Reader) -> PollerConfig {
    let defaults = PollerConfig::new("", "", "");
    let domain = read.needed("TASKBACK_SWF_DOMAIN", 256);
    let task_list = read.needed("TASKBACK_SWF_TASK_LIST", 256);
    let queue_url = read.needed("TASKBACK_QUEUE_URL", 2048);
    if !queue_url.is_empty() && !queue_url.starts_with("http") {
        read.error("TASKBACK_QUEUE_URL must start with http:// or https://");
    }
    let pollers = read.number("TASKBACK_POLLERS", 1, 100);
    let heartbeat = read.number("TASKBACK_SWF_HEARTBEAT_TIMEOUT", 1, 86400);
    PollerConfig {
        pollers: pollers.map_or(defaults.pollers, |pollers| pollers as usize),
        heartbeat: heartbeat.map(|seconds| Duration::from_secs(seconds.into())),
        ..PollerConfig::new(domain, task_list, queue_url)
    }
}
