//! The trait of a service's client, and the types of its calls.

use std::any::Any;
use std::fmt;

use taskback_core::{ClosedBy, Outcome, RawTask, Service, ServiceResponse, TaskToken};
use tokio::time::Instant;

use crate::future::BoxFuture;

/// A client that sends a report and returns the service's answer, unjudged: judging, retrying and remembering are
/// done elsewhere, once for all services.
///
/// ```
/// use taskback::{BoxFuture, ReportRequest, Reporter, Service, ServiceResponse, Services};
///
/// /// Accepts every report and shows its kind.
/// struct Printer;
///
/// impl Reporter for Printer {
///     fn service(&self) -> Service {
///         Service::Swf
///     }
///
///     fn report<'a>(&'a self, request: ReportRequest<'a>) -> BoxFuture<'a, ServiceResponse> {
///         println!("{:?} {}", request.token.fingerprint(), request.outcome.name());
///         Box::pin(async { ServiceResponse::Accepted { request_id: None } })
///     }
/// }
///
/// let services = Services::default().with(Printer);
/// assert_eq!(services.names(), "swf");
/// ```
pub trait Reporter: Send + Sync + 'static {
    /// The service that this is a client of.
    fn service(&self) -> Service;

    /// The outcome within the service's limits: an output that can never fit becomes the failure
    /// `OutputTooLarge`.
    fn enforce_limits(&self, outcome: Outcome) -> Outcome {
        (self.service().spec().enforce_limits)(outcome)
    }

    /// The warning about an outcome that this service accepts and its workflow may not expect.
    fn warning(&self, outcome: &Outcome) -> Option<OutcomeWarning> {
        if self.service().spec().expects_object_output {
            OutcomeWarning::not_an_object(outcome)
        } else {
            None
        }
    }

    /// Makes one attempt, without a retry of its own. The future is dropped at the request's deadline.
    fn report<'a>(&'a self, request: ReportRequest<'a>) -> BoxFuture<'a, ServiceResponse>;

    /// Waits for room for one report before `deadline`, which is held until it is used or dropped; `None` = there is
    /// none.
    fn permit(&self, _deadline: Instant) -> BoxFuture<'_, Option<Permit>> {
        Box::pin(std::future::ready(Some(Permit::free())))
    }

    /// Sends a heartbeat, and returns whether the step should go on.
    fn heartbeat<'a>(&'a self, _token: &'a TaskToken, _progress: &'a str) -> BoxFuture<'a, HeartbeatStatus> {
        Box::pin(std::future::ready(HeartbeatStatus::Unsupported))
    }

    /// Asks the service's history which party closed a task; `None` = it does not say.
    fn closed_by<'a>(&'a self, _request: ClosedByRequest<'a>) -> BoxFuture<'a, Option<ClosedBy>> {
        Box::pin(std::future::ready(None))
    }

    /// Opens a connection ahead, so that the first report is not slow. Never fails.
    fn warm_up(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// One attempt to report an outcome.
#[derive(Debug)]
pub struct ReportRequest<'a> {
    /// Names the waiting task.
    pub token: &'a TaskToken,
    /// The outcome, within the service's limits.
    pub outcome: &'a Outcome,
    /// The room for this attempt, where it was reserved.
    pub permit: Option<Permit>,
    /// The end of the attempt, by which the client may plan its own timeouts.
    pub deadline: Instant,
}

/// The question which party closed a task.
#[derive(Debug)]
pub struct ClosedByRequest<'a> {
    /// The closed task as its message brought it, with its token. Its input may have gone to the step already and is
    /// null then.
    pub task: &'a RawTask,
    /// The outcome that this taskback reported.
    pub outcome: &'a Outcome,
}

/// A line of the log about an outcome that is reported as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutcomeWarning {
    /// The machine's name, such as `step.output_not_object`.
    pub event: &'static str,
    /// A sentence for people.
    pub message: &'static str,
}

impl OutcomeWarning {
    /// The warning about an output that is not a JSON object, where the service's workflows read objects.
    fn not_an_object(outcome: &Outcome) -> Option<Self> {
        match outcome {
            Outcome::Succeeded(output) if !output.is_object() => Some(Self {
                event: "step.output_not_object",
                message: "output is not a JSON object and is reported as it is",
            }),
            _ => None,
        }
    }
}

/// Room for one report in a client's limiter. Dropped unused, it returns to the limiter.
pub struct Permit(Option<Box<dyn Any + Send + Sync>>);

impl Permit {
    /// Room where nothing limits.
    pub fn free() -> Self {
        Self(None)
    }

    /// Room in a limiter, as the limiter's own permit.
    #[cfg_attr(not(feature = "fnf"), expect(dead_code, reason = "only FnF's client has a limiter"))]
    pub(super) fn limited(permit: impl Any + Send + Sync) -> Self {
        Self(Some(Box::new(permit)))
    }

    /// The limiter's own permit.
    #[cfg_attr(not(feature = "fnf"), expect(dead_code, reason = "only FnF's client has a limiter"))]
    pub(super) fn into_limited<P: Any>(self) -> Option<P> {
        self.0?.downcast().ok().map(|permit| *permit)
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Permit(limited)" } else { "Permit(free)" })
    }
}

/// The answer to a heartbeat.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeartbeatStatus {
    /// The service has no heartbeat.
    Unsupported,
    /// The step may go on.
    Continue,
    /// The workflow asks for cancellation.
    CancelRequested,
    /// The task is closed.
    Closed,
    /// Throttled or without an answer, for that reason. One failed heartbeat is not fatal.
    Failed(String),
}
