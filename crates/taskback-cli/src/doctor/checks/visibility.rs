//! Check of the visibility timeout: no message is redelivered while it is processed.

use crate::doctor::finding::Finding;
use crate::doctor::function::Function;
use crate::doctor::source::Source;
use crate::doctor::template::Resource;

pub(super) fn visibility(function: &Function<'_>, source: &Source<'_>, queue: &Resource) -> Option<Finding> {
    let (timeout, window) = (function.timeout()?, source.window()?);
    let needed = 6.0 * timeout + window;
    let hidden = visibility_timeout(queue)?;
    if hidden >= needed {
        return None;
    }
    let reason = format!(
        "its visibility timeout is {hidden} s, but {} has a timeout of {timeout} s and a batching window of {window} s: \
         messages are redelivered while they are being processed, which uses up their receives",
        function.name
    );
    // Beyond SQS's maximum only a shorter invocation helps.
    let fix = if needed > MAX_VISIBILITY {
        format!(
            "set a shorter Timeout or batching window: six times the timeout plus the window, at most {MAX_VISIBILITY} s"
        )
    } else {
        format!(
            "set VisibilityTimeout to {needed} or more: six times the function's timeout plus the batching window"
        )
    };
    Some(Finding::new("TB002", &queue.name, reason, fix))
}

pub(super) fn visibility_timeout(queue: &Resource) -> Option<f64> {
    queue.view().number(&["VisibilityTimeout"], 30.0)
}

/// SQS's maximum visibility timeout, in seconds.
const MAX_VISIBILITY: f64 = 43_200.0;
