use std::time::Duration;

use super::queue_url::{QUEUE_URL, is_queue_url};
use super::read::Reader;
use crate::poller::config::{PolledTasks, PollerConfig};

pub(super) fn read(read: &mut Reader) -> PollerConfig {
    let (activity, task_list) = (activity(read), task_list(read));
    let queue_url = read.needed("TASKBACK_QUEUE_URL", 2048);
    if !queue_url.is_empty() && !is_queue_url(&queue_url) {
        read.invalid("TASKBACK_QUEUE_URL", &queue_url, QUEUE_URL);
    }
    let pollers = read.number("TASKBACK_POLLERS", 1, 100);
    let (tasks, heartbeat) = activity.unwrap_or(task_list);
    let defaults = PollerConfig::new(tasks, queue_url);
    PollerConfig {
        pollers: pollers.map_or(defaults.pollers, |pollers| pollers as usize),
        heartbeat: heartbeat.map(|seconds| Duration::from_secs(seconds.into())),
        ..defaults
    }
}

/// The activity that takes the place of a task list, where one is set.
fn activity(read: &mut Reader) -> Option<(PolledTasks, Option<u32>)> {
    let heartbeat = read.number("TASKBACK_ACTIVITY_HEARTBEAT_TIMEOUT", 1, 86400);
    let arn = read.text("TASKBACK_ACTIVITY_ARN")?;
    if !is_activity_arn(&arn) {
        let expected = "the ARN of an activity, arn:…:activity:NAME, of at most 256 characters";
        read.invalid("TASKBACK_ACTIVITY_ARN", &arn, expected);
    }
    Some((PolledTasks::activity(arn), heartbeat))
}

fn is_activity_arn(arn: &str) -> bool {
    let parts: Vec<_> = arn.split(':').collect();
    matches!(parts[..], ["arn", _, "states", _, _, "activity", name] if !name.is_empty())
        && arn.chars().count() <= 256
}

fn task_list(read: &mut Reader) -> (PolledTasks, Option<u32>) {
    let heartbeat = read.number("TASKBACK_SWF_HEARTBEAT_TIMEOUT", 1, 86400);
    let names = ["TASKBACK_SWF_DOMAIN", "TASKBACK_SWF_TASK_LIST"];
    let is_any_set = names.iter().any(|name| read.is_set(name)) || read.is_set("TASKBACK_ACTIVITY_ARN");
    if !is_any_set {
        read.error("TASKBACK_SWF_DOMAIN and TASKBACK_SWF_TASK_LIST, or TASKBACK_ACTIVITY_ARN, must be set");
    }
    let [domain, task_list] = names.map(|name| {
        if !is_any_set {
            return read.text(name).unwrap_or_default();
        }
        if !read.is_set("TASKBACK_ACTIVITY_ARN") {
            return read.needed(name, 256);
        }
        if read.text(name).is_some() {
            read.error(&format!(
                "{name} and TASKBACK_ACTIVITY_ARN are both set, and a poller polls one of them"
            ));
        }
        String::new()
    });
    (PolledTasks::swf(domain, task_list), heartbeat)
}
