//! Checks of functions: enough time, and no plain HTTP.

use taskback_http::is_loopback;

use crate::doctor::finding::Finding;
use crate::doctor::function::{Function, Job};
use crate::doctor::services::SERVICES;
use crate::doctor::value::reason_in;

/// The minimum time of each wave of steps, in seconds.
const MIN_STEP_TIME: f64 = 5.0;

/// The minimum time of a poller, in seconds: it begins a poll only with 90 s left, and its start takes time too.
const MIN_POLL_TIME: f64 = 95.0;

pub(super) fn check(function: &Function<'_>, findings: &mut Vec<Finding>) {
    findings.extend(time(function));
    findings.extend(plain_http(function));
}

fn time(function: &Function<'_>) -> Option<Finding> {
    let timeout = function.timeout()?;
    match function.job {
        Job::FlowControl | Job::Other => None,
        Job::Poller => (timeout < MIN_POLL_TIME).then(|| {
            let reason = format!("a timeout of {timeout} s has no room for a poll of 60 s and for queueing its task, so it may never begin a poll");
            Finding::new(
                "TB013",
                function.name,
                reason,
                "set Timeout to 95 or more; 390 for one start every 5 minutes",
            )
        }),
        Job::Worker | Job::DeadLetters => {
            let concurrency =
                function.view.number(&["Environment", "Variables", "TASKBACK_CONCURRENCY"], 10.0)?;
            let sizes = function.triggers.sources.iter().filter_map(|source| source.batch_size());
            let waves = (sizes.fold(1.0, f64::max) / concurrency).ceil();
            let reserve = (timeout / 5.0).clamp(0.4, 10.0);
            let step_time = (timeout - reserve) / waves;
            (step_time < MIN_STEP_TIME).then(|| {
                let reason = format!(
                    "of the timeout of {timeout} s, {reserve} s are reserved for reports, which leaves {step_time:.1} s for \
                     each step of a full batch: steps are cut off and run again"
                );
                let fix = "set a Timeout that leaves at least 5 s for each step, or a smaller BatchSize";
                Finding::new("TB013", function.name, reason, fix)
            })
        }
    }
}

fn plain_http(function: &Function<'_>) -> Vec<Finding> {
    let variables = function.view.members(&["Environment", "Variables"]);
    let is_host_setting = |name: &str| {
        name == "TASKBACK_STEP_ALLOW_HTTP_HOST"
            || SERVICES.iter().any(|service| service.plain_http_settings.contains(&name))
    };
    // A step setting may contain several URLs, also among the arguments of a command.
    let is_url_setting = |name: &str| {
        name == "TASKBACK_STEP"
            || name.starts_with("AWS_ENDPOINT_URL")
            || SERVICES.iter().any(|service| service.endpoint_settings.contains(&name))
    };
    let plain = variables.into_iter().filter(|(name, value)| {
        let (view, value) = (value, value.value.as_str().unwrap_or_default());
        if let Some(reason) = reason_in(value).filter(|_| is_url_setting(name) || is_host_setting(name)) {
            view.note(&[], reason);
        }
        let has_plain_url = || value.split("http://").skip(1).any(|rest| !has_loopback_host(rest));
        (is_host_setting(name) && !value.is_empty() && !has_loopback_host(value))
            || (is_url_setting(name) && has_plain_url())
    });
    plain
        .map(|(name, _)| {
            let reason = format!(
                "{name} allows plain HTTP to a remote host: tokens, inputs or outputs can be read and changed in transit, \
                 and a token is enough to end its task"
            );
            Finding::new("TB014", function.name, reason, "use https://, or remove the variable")
        })
        .collect()
}

/// True if the part of a URL after `http://` begins with a loopback host.
fn has_loopback_host(rest: &str) -> bool {
    let authority = rest.split(['/', '?', '#', '"', '\'', ' ']).next().unwrap_or_default();
    // The part before an @ is not the host.
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    is_loopback(host)
}
