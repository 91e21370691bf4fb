use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use serde_json::value::RawValue;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, timeout};
use tracing::{Instrument, Span};

use super::reply::{self, Reply};
use super::request::{self, Call};
use super::room::Room;
use crate::handler::Handler;
use crate::host::connections::InUse;
use crate::log;
use crate::response::Response;
use crate::trigger::InvocationError;

/// One instance of the function.
pub(super) struct Instance {
    handler: Arc<dyn Handler>,
    /// The function's timeout.
    timeout: Duration,
    /// The host retries an invocation that failed.
    asynchronous: bool,
    pub(super) room: Room,
    /// The number of running invocations whose event has arrived.
    running: watch::Sender<usize>,
}

impl Instance {
    pub(super) fn new(handler: Arc<dyn Handler>, timeout: Duration, asynchronous: bool, room: Room) -> Self {
        Self { handler, timeout, asynchronous, room, running: watch::Sender::new(0) }
    }

    /// Answers one call of the host, between the two lines by which it finds the call's log; the lines between them have its
    /// id, for several calls run at once. Nothing is used of a request that is not the host's own, not even its headers.
    pub(super) async fn answer(self: Arc<Self>, request: Request<Incoming>, in_use: &InUse) -> Reply {
        let arrived = Instant::now();
        let (head, body) = request.into_parts();
        let Some(call) = Call::from_head(&head) else {
            tracing::error!(event = "host.call_refused", "not a call of Function Compute's event functions");
            return reply::failed(
                "UnknownCall",
                "only POST /invoke, POST /initialize and GET /pre-stop are served",
            );
        };
        let id = request::id(&head.headers);
        // Of the highest level, so that no filter shows a line without it.
        let span = tracing::error_span!("Function Compute invoke", requestId = id);
        frame(call.name(), "Start", &id);
        #[cfg(feature = "fnf")]
        if let Some((id, secret, token)) = span.in_scope(|| request::credentials(&head.headers)) {
            crate::service::use_host_credentials(id, secret, token);
        }
        let reply = async {
            match call {
                Call::Invoke => self.invoke(body, &id, arrived, in_use).await,
                // A process that listens is ready: all was built before.
                Call::Initialize => reply::empty(),
                Call::PreStop => {
                    self.idle().await;
                    reply::empty()
                }
            }
        };
        let reply = reply.instrument(span).await;
        frame(call.name(), "End", &id);
        reply
    }

    async fn invoke(self: &Arc<Self>, body: Incoming, id: &str, arrived: Instant, in_use: &InUse) -> Reply {
        let deadline = arrived + self.timeout;
        let Some(memory) = self.room.take(request::announced(&body), deadline).await else {
            return reply::failed("NoRoom", "other events took the memory for all of the function's time");
        };
        let event = match request::event(body, deadline).await {
            Ok(event) => event,
            Err(reason) => return reply::failed("UnknownEvent", reason),
        };
        // From here on the end of the instance waits for the invocation, and does not before: the host may never finish
        // sending.
        let _in_use = in_use.begin();
        let _running = Running::one_more(&self.running);
        self.run(event, id.to_owned(), arrived, memory).await
    }

    async fn run(
        self: &Arc<Self>,
        event: Box<RawValue>,
        id: String,
        arrived: Instant,
        memory: OwnedSemaphorePermit,
    ) -> Reply {
        // On a task of its own, so that neither a host that hangs up nor a panic stops the invocation. The task holds the
        // event's memory.
        let this = Arc::clone(self);
        let handled = async move {
            let _memory = memory;
            this.handle(&event, &id, arrived).await
        };
        let handled = tokio::spawn(handled.instrument(Span::current()));
        match handled.await {
            // The host does not read partial responses.
            Ok(Ok(response)) if !response.batch_item_failures().is_empty() => {
                reply::failed("MessageNacked", "messages of the event were not acknowledged")
            }
            Ok(Ok(response)) => reply::succeeded(response.json().to_owned()),
            // A failed invocation would fail the task in place of what was, or is being, decided.
            Ok(Err(InvocationError::ReportFailed(reason))) if !self.asynchronous => {
                tracing::error!(
                    event = "report.failed",
                    reason,
                    "the outcome is decided and could not be reported: the task will time out"
                );
                reply::succeeded(reply::error("ReportFailed", &reason))
            }
            Ok(Err(InvocationError::HeldByOther(reason))) if !self.asynchronous => {
                tracing::error!(
                    event = "task.held_by_other",
                    reason,
                    "task is running in another invocation; it will time out unless that one reports it"
                );
                reply::succeeded(reply::error("HeldByOther", &reason))
            }
            Ok(Err(error)) => reply::failed(error.name(), &error.to_string()),
            Err(_) => reply::failed("Panicked", "the handler panicked"),
        }
    }

    async fn handle(
        &self,
        event: &RawValue,
        id: &str,
        arrived: Instant,
    ) -> Result<Response, InvocationError> {
        let _running = Running::one_more(&self.running);
        // Zero would mean that the time is unknown.
        let remaining = self.timeout.saturating_sub(arrived.elapsed()).max(Duration::from_millis(1));
        self.handler.handle(event, remaining, id).await
    }

    /// Waits for the end of every invocation whose event has arrived: each ends by its own deadline, and none is waited
    /// for longer than the function's timeout.
    async fn idle(&self) {
        let mut running = self.running.subscribe();
        if timeout(self.timeout, running.wait_for(|running| *running == 0)).await.is_err() {
            tracing::warn!(
                event = "host.stop_overdue",
                "invocations go on after the function's timeout; the stop does not wait"
            );
        }
    }
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

/// Writes the line that delimits a call's log for the host. It is not JSON, and goes the way of all log lines.
fn frame(name: &str, edge: &str, id: &str) {
    log::write_line(&format!("FC {name} {edge} RequestId: {id}"));
}
