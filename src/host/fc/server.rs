use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;

use super::config::FcConfig;
use super::instance::Instance;
use super::room::Room;
use crate::budget::Budget;
use crate::error::Error;
use crate::handler::Handler;
use crate::host::connections::{Connections, InUse};

/// The maximum number of open connections: more than twice the largest instanceConcurrency, 200. They are not closed
/// for being idle, for the host uses them again after any time.
const MAX_CONNECTIONS: usize = 512;

/// Answers the host's calls, several at once where the function's instanceConcurrency says so:
/// no invocation sees anything of another.
pub(super) async fn serve(handler: Arc<dyn Handler>, config: &FcConfig) -> Result<(), Error> {
    let timeout = config.timeout.unwrap_or_else(|| {
        tracing::warn!(
            event = "settings.no_fc_timeout",
            "TASKBACK_FC_TIMEOUT is not set and Function Compute does not say the function's timeout: 3 s"
        );
        Budget::DEFAULT_TIMEOUT
    });
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, config.port)).await?;
    let room = Room::new(config.memory);
    let instance = Arc::new(Instance::new(handler, timeout, config.asynchronous, room));
    let mut connections = Connections::new(MAX_CONNECTIONS);
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Without it replies are only slower.
                let _ = stream.set_nodelay(true);
                let in_use = InUse::default();
                connections.serve(in_use.clone(), answer(stream, Arc::clone(&instance), in_use));
            }
            // Mostly too many open files: other connections get time to close first.
            Err(error) => {
                tracing::warn!(event = "host.connection_refused", %error, "failed to accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn answer(stream: impl AsyncRead + AsyncWrite + Unpin, instance: Arc<Instance>, in_use: InUse) {
    let service = service_fn(move |request| {
        let (instance, in_use) = (Arc::clone(&instance), in_use.clone());
        async move { Ok::<_, Infallible>(instance.answer(request, &in_use).await) }
    });
    // An error means that the host closed the connection.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;
    use tokio::io::{AsyncWriteExt, duplex};
    use tokio::sync::Semaphore;
    use tokio::time::Instant;

    use super::*;
    use crate::future::BoxFuture;
    use crate::host::fc::request::MAX_EVENT;
    use crate::response::Response;
    use crate::trigger::InvocationError;

    /// A handler whose invocations end when `end` has a permit.
    struct Slow {
        begun: Arc<Semaphore>,
        end: Arc<Semaphore>,
    }

    impl Handler for Slow {
        fn handle<'a>(
            &'a self,
            _event: &'a RawValue,
            _remaining: Duration,
            _invocation: &'a str,
        ) -> BoxFuture<'a, Result<Response, InvocationError>> {
            Box::pin(async move {
                self.begun.add_permits(1);
                let _end = self.end.acquire().await;
                Err(InvocationError::UnusableMessageId)
            })
        }
    }

    /// The event goes on without its connection, and so does its share of the memory, which is for one large event here.
    #[tokio::test(start_paused = true)]
    async fn event_keeps_memory_after_hangup() {
        let (begun, end) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let handler = Slow { begun: Arc::clone(&begun), end: Arc::clone(&end) };
        let instance =
            Arc::new(Instance::new(Arc::new(handler), Duration::from_secs(60), false, Room::new(Some(64))));
        let (mut host, stream) = duplex(1024);
        let connection = tokio::spawn(answer(stream, Arc::clone(&instance), InUse::default()));
        host.write_all(b"POST /invoke HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
        begun.acquire().await.unwrap().forget();
        drop(host);
        connection.await.unwrap();
        let all = || instance.room.take(Some(MAX_EVENT), Instant::now() + Duration::from_secs(1));
        assert!(all().await.is_none(), "the event is still handled");
        end.add_permits(1);
        assert!(all().await.is_some(), "the event is over");
    }
}
