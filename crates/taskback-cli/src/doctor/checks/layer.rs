//! Checks that the Lambda layer is run where a function needs it.

use crate::doctor::finding::Finding;
use crate::doctor::function::{Function, Job};

const WRAPPER: &str = "AWS_LAMBDA_EXEC_WRAPPER";

/// The layer's file in `/opt`.
const LAYER: &str = "/opt/taskback";

/// A function's runtime without the layer gives its handler whole batches with their tokens.
pub(super) fn check(function: &Function<'_>, findings: &mut Vec<Finding>) {
    if function.job != Job::Worker || function.is_unknown(WRAPPER) {
        return;
    }
    // An image brings its own.
    let Some(runtime) = function.view.text(&["Runtime"]).filter(|runtime| !runtime.is_empty()) else {
        return;
    };
    let wrapper = function.env(WRAPPER);
    let has_layer = wrapper.as_deref() == Some(LAYER);
    let (reason, fix) = match wrapper {
        Some(_) if has_layer && runtime.starts_with("provided") => (
            format!("the layer is not run: {runtime} does not read {WRAPPER}"),
            "use a managed runtime, or the shipped worker with TASKBACK_STEP=handler:…",
        ),
        _ if has_layer || runtime.starts_with("provided") => return,
        Some(other) => (
            format!(
                "the layer is not run: {WRAPPER} is {other}, so the handler gets batches with their tokens"
            ),
            "set it to /opt/taskback, and TASKBACK_EXEC_WRAPPER to the other wrapper",
        ),
        None => (
            format!("nothing runs taskback on {runtime}, so the handler gets batches with their tokens"),
            "add the layer, and set AWS_LAMBDA_EXEC_WRAPPER to /opt/taskback",
        ),
    };
    findings.push(Finding::new("TB022", function.name, reason, fix));
}
