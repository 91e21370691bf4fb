//! The seam between hosts and what answers their events.

use std::time::Duration;

use serde_json::value::RawValue;

use crate::future::BoxFuture;
use crate::response::Response;
use crate::trigger::InvocationError;

/// Answers events, several at once where the host sends several.
///
/// ```
/// use std::time::Duration;
///
/// use serde_json::value::RawValue;
/// use taskback::{BoxFuture, Handler, InvocationError, Response, Taskback};
///
/// /// Counts the bytes of events before it hands them on.
/// struct Counted(Taskback);
///
/// impl Handler for Counted {
///     fn handle<'a>(
///         &'a self,
///         event: &'a RawValue,
///         remaining: Duration,
///         invocation: &'a str,
///     ) -> BoxFuture<'a, Result<Response, InvocationError>> {
///         println!("{} bytes", event.get().len());
///         Handler::handle(&self.0, event, remaining, invocation)
///     }
/// }
/// ```
pub trait Handler: Send + Sync + 'static {
    /// Handles one event within `remaining`; zero = unknown, which counts as 3 s. `invocation` is the
    /// host's id of the invocation, the same when it is retried; empty where there is none.
    fn handle<'a>(
        &'a self,
        event: &'a RawValue,
        remaining: Duration,
        invocation: &'a str,
    ) -> BoxFuture<'a, Result<Response, InvocationError>>;
}
