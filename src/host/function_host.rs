use std::sync::Arc;

use taskback_core::RetryPolicy;

use crate::error::Error;
use crate::future::BoxFuture;
use crate::handler::Handler;
use crate::settings::Settings;

/// A host that starts this process and hands events to it.
pub(super) trait FunctionHost: Sync {
    /// The name in the log.
    fn name(&self) -> &'static str;

    /// The variables by which a process knows the host, which sets at least one of them; no other host sets any.
    fn variables(&self) -> &'static [&'static str];

    /// The variable that holds the function's name.
    fn name_variable(&self) -> &'static str;

    /// The retry of reports.
    fn retry(&self) -> RetryPolicy {
        RetryPolicy::default()
    }

    /// Answers events until the host ends the process. Returns only if it cannot start or go on, or if the host's
    /// feature is not compiled in.
    fn serve<'a>(
        &'a self,
        handler: Arc<dyn Handler>,
        settings: &'a Settings,
    ) -> BoxFuture<'a, Result<(), Error>>;
}
