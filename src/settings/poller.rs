use std::time::Duration;

use super::read::Reader;
use crate::poller::config::{PolledTasks, PollerConfig};
use crate::redact::shown;

pub(super) fn read(read: &mut Reader) -> PollerConfig {
    let (tasks, heartbeat) =
        if read.is_set("TASKBACK_ACTIVITY_ARN") { activity(read) } else { task_list(read) };
    let queue_url = read.needed("TASKBACK_QUEUE_URL", 2048);
    if !queue_url.is_empty() && !queue_url.starts_with("http") {
        read.error("TASKBACK_QUEUE_URL must start with http:// or https://");
    }
    let pollers = read.number("TASKBACK_POLLERS", 1, 100);
    let defaults = PollerConfig::new(tasks, queue_url);
    PollerConfig {
        pollers: pollers.map_or(defaults.pollers, |pollers| pollers as usize),
        heartbeat: heartbeat.map(|seconds| Duration::from_secs(seconds.into())),
        ..defaults
    }
}

fn task_list(read: &mut Reader) -> (PolledTasks, Option<u32>) {
    let domain = read.needed("TASKBACK_SWF_DOMAIN", 256);
    let task_list = read.needed("TASKBACK_SWF_TASK_LIST", 256);
    let heartbeat = read.number("TASKBACK_SWF_HEARTBEAT_TIMEOUT", 1, 86400);
    (PolledTasks::swf(domain, task_list), heartbeat)
}

fn activity(read: &mut Reader) -> (PolledTasks, Option<u32>) {
    let arn = read.needed("TASKBACK_ACTIVITY_ARN", 256);
    let is_activity = arn.starts_with("arn:") && arn.contains(":activity:");
    if !arn.is_empty() && !is_activity {
        let expected = "expected the ARN of an activity, arn:…:activity:NAME";
        read.error(&format!("TASKBACK_ACTIVITY_ARN: invalid value {}, {expected}", shown(&arn)));
    }
    for other in ["TASKBACK_SWF_DOMAIN", "TASKBACK_SWF_TASK_LIST"] {
        if read.is_set(other) {
            read.error(&format!(
                "TASKBACK_ACTIVITY_ARN and {other} are both set, and a poller polls one of them"
            ));
        }
    }
    (PolledTasks::activity(arn), read.number("TASKBACK_ACTIVITY_HEARTBEAT_TIMEOUT", 1, 86400))
}
