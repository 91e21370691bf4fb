//! The host's invocation that brought a task, for steps that pass it on.

use tokio::task_local;

/// An invocation as its host describes it. Absent members are unknown to the host.
#[derive(Clone, Debug, Default)]
pub(crate) struct HostInvocation {
    pub(crate) id: Option<String>,
    pub(crate) function_arn: Option<String>,
    pub(crate) trace: Option<String>,
}

task_local! {
    static CURRENT: HostInvocation;
}

impl HostInvocation {
    /// Runs what handles this invocation.
    #[cfg_attr(not(feature = "lambda"), expect(dead_code, reason = "only Lambda has what steps pass on"))]
    pub(crate) async fn scope<F: Future>(self, handle: F) -> F::Output {
        CURRENT.scope(self, handle).await
    }

    /// The invocation that is handled by the current task of the runtime; the steps themselves are tasks of their own.
    pub(crate) fn current() -> Self {
        CURRENT.try_with(Clone::clone).unwrap_or_default()
    }
}
