use std::fmt;
use std::sync::Arc;

use http::header::USER_AGENT;
use http_body_util::Full;
use taskback_http::Limits;
use tokio::time::Instant;

use crate::call::Call;
use crate::inner::Inner;
use crate::limiter::Limiter;
use crate::operation::Operation;

/// A client of FnF in one region. Clones are cheap and share connections, credentials and limiter.
///
/// It needs a tokio runtime with time and I/O enabled.
#[derive(Clone)]
pub struct Client(pub(crate) Arc<Inner>);

impl Client {
    /// Prepares a call, which is sent when it is awaited.
    pub fn call<O: Operation>(&self, request: O) -> Call<O> {
        Call::new(Arc::clone(&self.0), request)
    }

    /// The limiter that every call acquires a permit from.
    pub fn limiter(&self) -> &Limiter {
        &self.0.limiter
    }

    /// Opens a connection ahead, so that the next call need not wait for TCP and TLS.
    ///
    /// It requests `/` without parameters, which names no operation, and ignores the response and every error. It helps
    /// only while the connection stays open: for the idle timeout of the builder, unless the service closes it before.
    pub async fn connect(&self) {
        let request = http::Request::get(format!("{}/", self.0.endpoint))
            .header(USER_AGENT, &self.0.user_agent)
            .body(Full::default());
        if let Ok(request) = request {
            let read_timeout = self.0.read_timeout;
            let deadline = Instant::now() + self.0.http.connect_timeout() + read_timeout;
            let limits = Limits { read_timeout, deadline, max_body: 64 << 10 };
            let _ = self.0.http.send(request, limits).await; // only the connection is needed
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({})", self.0.endpoint)
    }
}
