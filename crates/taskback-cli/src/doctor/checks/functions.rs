//! Functions: time enough, no plain HTTP, and no event dropped.

use std::net::IpAddr;

use crate::doctor::finding::Finding;
use crate::doctor::function::{Function, Job};

/// What every wave of steps should have, in seconds.
const STEP: f64 = 5.0;

/// What the poller itself asks for: it begins a poll with 90 s left, and its own start takes time too.
const POLL: f64 = 95.0;

pub(super) fn check(function: &Function<'_>, findings: &mut Vec<Finding>) {
    findings.extend(time(function));
    findings.extend(plain_http(function));
    if function.asynchronous && function.on_failure.is_none() {
        findings.push(Finding::new(
            "TB016",
            function.name,
            "nobody waits for the answer to its events, and Lambda drops one that failed three times",
            "add an OnFailure destination: a queue that the handler dead_letter reads",
        ));
    }
}

fn time(function: &Function<'_>) -> Option<Finding> {
    let timeout = function.timeout()?;
    match function.job {
        Job::FlowControl => None,
        Job::Poller => (timeout < POLL).then(|| {
            let reason = format!("in {timeout} s no poll of 60 s has room, with the time to queue what it brings: it may never begin one");
            Finding::new(
                "TB013",
                function.name,
                reason,
                "set Timeout to 95 or more; 390 for one start every 5 minutes",
            )
        }),
        Job::Worker | Job::DeadLetters => {
            let at_once =
                function.env("TASKBACK_CONCURRENCY").and_then(|text| text.parse().ok()).unwrap_or(10.0);
            let sizes = function.sources.iter().filter_map(|source| source.batch_size());
            let waves = (sizes.fold(1.0, f64::max) / at_once).ceil();
            let reserve = (timeout / 5.0).clamp(0.4, 10.0);
            let left = (timeout - reserve) / waves;
            (left < STEP).then(|| {
                let reason = format!(
                    "of {timeout} s, {reserve} s are kept for reports, which leaves {left:.1} s for a step when a batch is \
                     full: steps are cut off and run again"
                );
                let mend = "set Timeout so that each step has its time, 5 s at least, or a smaller BatchSize";
                Finding::new("TB013", function.name, reason, mend)
            })
        }
    }
}

fn plain_http(function: &Function<'_>) -> Vec<Finding> {
    let variables = function.resource.at(&["Environment", "Variables"]).as_object().into_iter().flatten();
    let named = variables.filter(|(name, value)| {
        let value = value.as_str().unwrap_or_default();
        match name.as_str() {
            "FNF_ALLOW_HTTP_HOST" | "TASKBACK_STEP_ALLOW_HTTP_HOST" => {
                !value.is_empty() && !is_loopback(value)
            }
            // A step may be one of several, and a command may have URLs among its arguments.
            "TASKBACK_STEP" | "FNF_ENDPOINT" => value.split("http://").skip(1).any(|rest| !is_loopback(rest)),
            name => {
                name.starts_with("AWS_ENDPOINT_URL")
                    && value.split("http://").skip(1).any(|rest| !is_loopback(rest))
            }
        }
    });
    named
        .map(|(name, _)| {
            let reason = format!(
                "{name} names a host that is spoken to in plain HTTP: tokens, or inputs and outputs, can be read and \
                 changed on the way, and whoever reads a token can end its task"
            );
            Finding::new("TB014", function.name, reason, "use https://, or leave the variable out")
        })
        .collect()
}

/// Whether a URL's part behind `http://` is on this machine.
fn is_loopback(rest: &str) -> bool {
    let authority = rest.split(['/', '?', '#', '"', '\'', ' ']).next().unwrap_or_default();
    // What stands before an @ is no host.
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
