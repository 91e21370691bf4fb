//! Alibaba Cloud's Function Compute: a custom runtime is an HTTP server that the host calls.

mod instance;
mod reply;
mod request;

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use crate::settings::FcSettings;
use crate::{BoxFuture, Budget, Error, Handler};
use instance::Instance;

/// Answers the host's calls, several at once where the function's instanceConcurrency says so:
/// nothing of one invocation is seen by another.
pub(super) async fn serve(handler: impl Handler, settings: FcSettings) -> Result<(), Error> {
    let timeout = settings.timeout.unwrap_or_else(|| {
        tracing::warn!(
            "TASKBACK_FC_TIMEOUT is not set and Function Compute does not tell the function's timeout: 3 s"
        );
        Budget::UNKNOWN
    });
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, settings.port)).await?;
    let instance = Arc::new(Instance::new(handler, timeout, settings.asynchronous));
    loop {
        // Boxed, for the compiler: it cannot see by itself that this may go to another thread.
        let accepted: BoxFuture<'_, _> = Box::pin(listener.accept());
        match accepted.await {
            Ok((stream, _)) => answer(stream, Arc::clone(&instance)),
            // Out of file descriptors, mostly: whoever else is running gets a turn first.
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

fn answer(stream: TcpStream, by: Arc<Instance<impl Handler>>) {
    let _no_delay = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let by = Arc::clone(&by);
        async move { Ok::<_, Infallible>(by.answer(request).await) }
    });
    // An error is a host that went away.
    tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
}
