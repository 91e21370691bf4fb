use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::{BoxFuture, Error, Handler, InvocationError};

/// Answers Lambda's events, several at once where the environment takes several (Managed
/// Instances): nothing of one invocation is seen by another.
pub(super) async fn serve(handler: impl Handler) -> Result<(), Error> {
    let service = service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let by = handler.clone();
        // Boxed, for the compiler: the layers of the runtime nest the whole future's type.
        let answer: BoxFuture<'static, _> =
            Box::pin(async move { handle(&by, event).await.map_err(diagnostic) });
        answer
    });
    let served: BoxFuture<'static, _> = Box::pin(lambda_runtime::run_concurrent(service));
    served.await.map_err(|error| Error::new(error.to_string()))
}

async fn handle(by: &impl Handler, event: LambdaEvent<Box<RawValue>>) -> Result<Value, InvocationError> {
    by.handle(&event.payload, remaining(event.context.deadline), &event.context.request_id).await
}

/// The deadline comes as milliseconds of the epoch; 0 and the past say nothing.
fn remaining(deadline: u64) -> Duration {
    let deadline = UNIX_EPOCH.checked_add(Duration::from_millis(deadline));
    deadline.and_then(|at| at.duration_since(SystemTime::now()).ok()).unwrap_or_default()
}

fn diagnostic(error: InvocationError) -> Diagnostic {
    Diagnostic { error_type: error.name().to_owned(), error_message: error.to_string() }
}
