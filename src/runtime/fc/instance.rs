use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::sync::watch;
use tokio::time::Instant;

use super::reply::{self, Reply};
use super::request::{self, Call};
use crate::{Handler, InvocationError};

/// One instance of the function.
pub(super) struct Instance<H> {
    handler: H,
    /// The function's timeout.
    timeout: Duration,
    /// Whether an invocation that failed is tried again.
    asynchronous: bool,
    /// How many invocations are under way.
    running: watch::Sender<usize>,
}

impl<H: Handler> Instance<H> {
    pub(super) fn new(handler: H, timeout: Duration, asynchronous: bool) -> Self {
        Self { handler, timeout, asynchronous, running: watch::Sender::new(0) }
    }

    /// Answers one call of the host, between the two lines by which it finds the call's log.
    pub(super) async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Reply {
        let arrived = Instant::now();
        let (head, body) = request.into_parts();
        let call = Call::of(&head);
        let Some(name) = call.name() else {
            tracing::error!("a call that is none of Function Compute's event functions");
            return reply::failed(
                "UnknownCall",
                "only POST /invoke, POST /initialize and GET /pre-stop are served",
            );
        };
        #[cfg(feature = "fnf")]
        if let Some((id, secret, token)) = request::credentials(&head.headers) {
            crate::service::use_host_credentials(id, secret, token);
        }
        let id = request::id(&head.headers);
        // From the first line to the last; what runs also counts while nobody waits for it any more.
        let _running = (call == Call::Invoke).then(|| Running::one_more(&self.running));
        frame(name, "Start", &id);
        let reply = match call {
            Call::Invoke => self.invoke(body, id.clone(), arrived).await,
            // Whoever listens is ready: all was built before.
            Call::Initialize | Call::Unknown => reply::empty(),
            Call::PreStop => {
                self.idle().await;
                reply::empty()
            }
        };
        frame(name, "End", &id);
        reply
    }

    async fn invoke(self: &Arc<Self>, body: Incoming, id: String, arrived: Instant) -> Reply {
        let event = match request::event(body).await {
            Ok(event) => event,
            Err(why) => return reply::failed("UnknownEvent", why),
        };
        // On a task of its own, so that neither a host that hangs up nor a panic cuts off what runs.
        let this = Arc::clone(self);
        let handled = tokio::spawn(async move { this.handle(&event, &id, arrived).await });
        match handled.await {
            // Nobody here reads an answer for a part of an event.
            Ok(Ok(answer)) if keeps(&answer) => reply::failed("Kept", "messages of the event were kept"),
            Ok(Ok(answer)) => reply::succeeded(&answer),
            // A failed invocation would fail the task in place of what was, or is being, decided.
            Ok(Err(InvocationError::Unreported(why))) if !self.asynchronous => {
                tracing::error!(
                    why,
                    "the outcome is decided and could not be told: the task's timeout decides"
                );
                reply::succeeded(&reply::error("Unreported", &why))
            }
            Ok(Err(InvocationError::RunningElsewhere(why))) if !self.asynchronous => {
                tracing::error!(
                    why,
                    "the task is another owner's: if he does not tell it, its timeout decides"
                );
                reply::succeeded(&reply::error("RunningElsewhere", &why))
            }
            Ok(Err(error)) => reply::failed(error.name(), &error.to_string()),
            Err(_) => reply::failed("Panicked", "the handler panicked"),
        }
    }

    async fn handle(&self, event: &RawValue, id: &str, arrived: Instant) -> Result<Value, InvocationError> {
        let _running = Running::one_more(&self.running);
        // Nothing left would mean that the time is unknown.
        let left = self.timeout.saturating_sub(arrived.elapsed()).max(Duration::from_millis(1));
        self.handler.handle(event, left, id).await
    }

    /// Waits for the end of every invocation; each ends by its own deadline.
    async fn idle(&self) {
        let mut running = self.running.subscribe();
        // It cannot be closed while we are here.
        drop(running.wait_for(|running| *running == 0).await);
    }
}

/// Whether an answer to an event of SQS's shape says that messages must come back.
fn keeps(answer: &Value) -> bool {
    answer["batchItemFailures"].as_array().is_some_and(|kept| !kept.is_empty())
}

struct Running<'a>(&'a watch::Sender<usize>);

impl<'a> Running<'a> {
    fn one_more(running: &'a watch::Sender<usize>) -> Self {
        running.send_modify(|running| *running += 1);
        Self(running)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|running| *running -= 1);
    }
}

/// The host tells one call's log from another's by these lines, which are no JSON.
fn frame(name: &str, edge: &str, id: &str) {
    // Where nobody reads the log there is nothing to do about it.
    let _unread = writeln!(std::io::stdout(), "FC {name} {edge} RequestId: {id}");
}
