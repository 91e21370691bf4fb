//! AWS Lambda: a custom runtime that asks the Runtime API for events.

use std::sync::Arc;

use super::function_host::FunctionHost;
use crate::error::Error;
use crate::future::BoxFuture;
use crate::handler::Handler;
use crate::settings::Settings;

pub(super) struct Lambda;

impl FunctionHost for Lambda {
    fn name(&self) -> &'static str {
        "lambda"
    }

    fn variables(&self) -> &'static [&'static str] {
        &["AWS_LAMBDA_RUNTIME_API"]
    }

    fn name_variable(&self) -> &'static str {
        "AWS_LAMBDA_FUNCTION_NAME"
    }

    #[cfg_attr(not(feature = "lambda"), expect(unused_variables, reason = "the host is not compiled in"))]
    fn serve<'a>(
        &'a self,
        handler: Arc<dyn Handler>,
        _settings: &'a Settings,
    ) -> BoxFuture<'a, Result<(), Error>> {
        #[cfg(feature = "lambda")]
        return Box::pin(events::serve(handler));
        #[cfg(not(feature = "lambda"))]
        Box::pin(std::future::ready(Err(Error::new(
            crate::error::ErrorKind::MissingFeature,
            "this is AWS Lambda, and the feature lambda is not compiled in",
        ))))
    }
}

#[cfg(feature = "lambda")]
mod events {
    use std::sync::Arc;
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use lambda_runtime::{Context, Diagnostic, LambdaEvent, service_fn};
    use serde_json::value::RawValue;

    use crate::error::{Error, ErrorKind};
    use crate::future::BoxFuture;
    use crate::handler::Handler;
    #[cfg(feature = "external-steps")]
    use crate::invocation::HostInvocation;
    use crate::response::Response;
    use crate::trigger::InvocationError;

    /// Answers Lambda's events, several at once where the environment takes several (Managed
    /// Instances): no invocation sees anything of another.
    pub(super) async fn serve(handler: Arc<dyn Handler>) -> Result<(), Error> {
        let service = service_fn(move |event: LambdaEvent<Box<RawValue>>| {
            let handler = Arc::clone(&handler);
            // Boxed, for the compiler: the layers of the runtime nest the whole future's type.
            let response: BoxFuture<'static, _> =
                Box::pin(async move { handle(&*handler, event).await.map_err(diagnostic) });
            response
        });
        let served: BoxFuture<'static, _> = Box::pin(lambda_runtime::run_concurrent(service));
        served.await.map_err(|error| Error::new(ErrorKind::Host, error.to_string()))
    }

    async fn handle(
        handler: &dyn Handler,
        event: LambdaEvent<Box<RawValue>>,
    ) -> Result<Response, InvocationError> {
        let Context { request_id, deadline, .. } = &event.context;
        let handled = handler.handle(&event.payload, remaining(*deadline), request_id);
        #[cfg(feature = "external-steps")]
        let handled = invocation(&event.context).scope(handled);
        handled.await
    }

    #[cfg(feature = "external-steps")]
    fn invocation(context: &Context) -> HostInvocation {
        HostInvocation {
            id: Some(context.request_id.clone()),
            function_arn: Some(context.invoked_function_arn.clone()),
            trace: context.xray_trace_id.clone(),
        }
    }

    /// The time until a deadline in milliseconds of the epoch; 0 means that it is unknown, and a deadline in the past
    /// leaves none.
    fn remaining(deadline: u64) -> Duration {
        if deadline == 0 {
            return Duration::ZERO;
        }
        let deadline = UNIX_EPOCH.checked_add(Duration::from_millis(deadline));
        let remaining = deadline.and_then(|at| at.duration_since(SystemTime::now()).ok());
        // Zero would be an unknown deadline.
        remaining.unwrap_or_default().max(Duration::from_millis(1))
    }

    fn diagnostic(error: InvocationError) -> Diagnostic {
        Diagnostic { error_type: error.name().to_owned(), error_message: error.to_string() }
    }
}
