//! A function with a line of metrics after each invocation.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::value::RawValue;

use super::function_host::FunctionHost;
use crate::environment;
use crate::error::Error;
use crate::future::BoxFuture;
use crate::handler::Handler;
use crate::log;
use crate::metrics::{Labels, Metrics, MetricsFormat};
use crate::response::Response;
use crate::settings::Settings;
use crate::trigger::InvocationError;

/// Serves a handler that counts, with its metrics where the settings ask for them.
pub(super) async fn serve(
    host: &dyn FunctionHost,
    handler: Arc<dyn Handler>,
    metrics: Metrics,
    settings: &Settings,
) -> Result<(), Error> {
    let handler = match settings.metrics {
        MetricsFormat::Off => handler,
        MetricsFormat::Emf => {
            metrics.turn_on_for_lines();
            let function = environment::text(host.name_variable()).unwrap_or_else(|| host.name().to_owned());
            Arc::new(Measured { handler, metrics, function, is_first: AtomicBool::new(true) })
        }
    };
    host.serve(handler, settings).await
}

struct Measured {
    handler: Arc<dyn Handler>,
    metrics: Metrics,
    function: String,
    is_first: AtomicBool,
}

impl Handler for Measured {
    /// The line is out before the response, after which the host may freeze the process. Of several invocations at once
    /// each writes what was counted since the last line.
    fn handle<'a>(
        &'a self,
        event: &'a RawValue,
        remaining: Duration,
        invocation: &'a str,
    ) -> BoxFuture<'a, Result<Response, InvocationError>> {
        Box::pin(async move {
            let response = self.handler.handle(event, remaining, invocation).await;
            let is_first = self.is_first.swap(false, Ordering::Relaxed);
            let labels = Labels { function: &self.function, request_id: invocation, is_first };
            self.metrics.take_lines(&labels).iter().for_each(|line| log::write_line(line));
            response
        })
    }
}
