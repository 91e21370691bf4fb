mod start;
mod wait;

use std::fmt;
use std::sync::Arc;

use aliyun_fnf::Client;
use serde_json::value::RawValue;
use taskback_core::{INVALID_INPUT, RetryPolicy, Service};

use super::request::derived_name;
use crate::aws::Clients;
use crate::future::BoxFuture;
use crate::step::{Step, StepError, StepOutput, Task};
use start::Inner;

/// A step that hands its task to a flow of FnF.
///
/// An FnF token is passed as `CallbackFnFTaskToken`: the service itself reports when the flow's
/// execution ends. The report of an execution that was stopped or timed out is not documented: give
/// the waiting task a timeout. For an SWF token the step waits, within the deadline and with
/// heartbeats, and its outcome is the execution's end; where the time is too short the message
/// is redelivered and finds the same execution again. A cancellation of the SWF task stops the execution.
///
/// Where the answer to a start was lost, the execution may hold an FnF token: then no failure is reported
/// for the task, also not by the handler of dead letters, and each redelivery checks with FnF again. (A process that is
/// killed between the start and its answer leaves no trace of it: on the last delivery the dead letters then
/// report `DeadLettered`.)
///
/// The execution's name is always derived from the token (`tb-` and its fingerprint), so that the
/// token can go to no other execution, and a redelivery starts nothing twice.
///
/// ```no_run
/// use taskback::fnf_flow::StartFlow;
/// use taskback::{Clients, Settings};
///
/// # async fn example() -> Result<(), taskback::Error> {
/// let clients = Clients::connect(&Settings::from_env()?).await;
/// let refund = StartFlow::connect(&clients, "refund").await?.prefix("orders-").qualifier("live");
/// taskback::run(refund).await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct StartFlow(Arc<Inner>);

impl StartFlow {
    /// The flow to start, with the task's input, which must be a JSON object.
    pub fn new(client: Client, flow: impl Into<String>) -> Self {
        let (flow, prefix, qualifier) = (flow.into(), String::new(), None);
        Self(Arc::new(Inner { client, flow, prefix, qualifier, retry: RetryPolicy::default() }))
    }

    /// As [`new`](Self::new), over a client at the configured place, with the configured credentials.
    pub async fn connect(clients: &Clients, flow: impl Into<String>) -> Result<Self, crate::error::Error> {
        Ok(Self::new(crate::service::fnf::client(clients).await?, flow))
    }

    /// Sets a prefix of the executions' names, cut so that they have 128 characters at most.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.0).prefix = prefix.into();
        self
    }

    /// Sets the version or alias of the flow.
    pub fn qualifier(mut self, qualifier: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.0).qualifier = Some(qualifier.into());
        self
    }
}

/// Shows the flow's name: the client holds a source of credentials.
impl fmt::Debug for StartFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartFlow").field("flow", &self.0.flow).finish_non_exhaustive()
    }
}

impl Step for StartFlow {
    fn run(&self, task: Task<Box<RawValue>>) -> BoxFuture<'static, Result<StepOutput, StepError>> {
        let inner = Arc::clone(&self.0);
        Box::pin(async move {
            if !task.input.get().starts_with('{') {
                return Err(StepError::terminal(INVALID_INPUT, "the input of a flow must be a JSON object"));
            }
            let name = execution_name(&inner.prefix, &task.fingerprint().hex());
            // FnF's own executions end a task of FnF; of any other service the step waits for them.
            if task.service() == Service::Fnf {
                inner.delegate(&task, &name).await
            } else {
                inner.wait(&task, &name).await
            }
        })
    }

    /// The execution's name is the token's own.
    fn confirms_delegation(&self, _task: &Task<Box<RawValue>>) -> bool {
        true
    }
}

impl Inner {
    async fn delegate(&self, task: &Task<Box<RawValue>>, name: &str) -> Result<StepOutput, StepError> {
        let start = self.start_of(task, name).callback_task_token(task.token().expose());
        let to = format!("{}/{name}", self.flow);
        // From now on the execution may hold the token, also where this step is stopped.
        task.begin_delegation(to.clone());
        let mut may_have_started = false;
        if let Err(error) = self.start(task, start, &mut may_have_started).await {
            if !may_have_started {
                task.abort_delegation();
            }
            return Err(error);
        }
        Ok(StepOutput::Delegated { to })
    }
}

/// The prefix, as much of it as fits, then the token's own name.
fn execution_name(prefix: &str, fingerprint: &str) -> String {
    let own = derived_name(fingerprint);
    let max = 128 - own.len();
    let prefix: String = prefix.chars().take(max).collect();
    format!("{prefix}{own}")
}

#[cfg(test)]
mod tests {
    use super::execution_name;

    #[test]
    fn long_prefix_is_cut() {
        let hex = "a".repeat(64);
        assert_eq!(execution_name("", &hex), format!("tb-{hex}"));
        let name = execution_name(&"p".repeat(100), &hex);
        assert!(name.len() == 128 && name.ends_with(&format!("tb-{hex}")), "{name}");
    }
}
