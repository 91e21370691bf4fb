//! The Runtime API of this process, for the calls of a child that are not about tasks: extensions, telemetry, logs and
//! SnapStart have the same address.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use taskback_http::{HttpClient, Roots};

use super::stage2::RUNTIME_API;
use crate::environment;

/// The time to connect.
const CONNECT: Duration = Duration::from_secs(5);

/// The largest answer that is passed on, in bytes.
const MAX_ANSWER: usize = 6 << 20;

#[derive(Clone)]
pub(super) struct Outer {
    authority: String,
    client: HttpClient,
    /// True where a failed start of the child is one of the function.
    pub(super) takes_init_errors: bool,
}

/// Returns whether a call to that path may be passed on. Of those of a runtime these are SnapStart's: any other would get
/// the host's event, with its tokens, or answer it. A path that another server could read in another way is none of them.
pub(super) fn takes(path: &str) -> bool {
    let is_plain = |part: &&str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let parts: Vec<_> = path.strip_prefix('/').unwrap_or_default().split('/').collect();
    let is_of_a_runtime =
        |part: &&str| ["runtime", "invocation"].iter().any(|name| part.eq_ignore_ascii_case(name));
    match parts[..] {
        [_, "runtime", "restore", _] => parts.iter().all(is_plain),
        _ => parts.iter().all(is_plain) && !parts.iter().any(is_of_a_runtime),
    }
}

impl Outer {
    /// The Runtime API that this process's environment names, if any.
    pub(super) fn from_env() -> Option<Self> {
        let authority = environment::text(RUNTIME_API)?;
        let client = HttpClient::new(CONNECT, Duration::ZERO, Roots::None).ok()?;
        Some(Self { authority, client, takes_init_errors: false })
    }

    pub(super) fn with_init_errors(self, takes_init_errors: bool) -> Self {
        Self { takes_init_errors, ..self }
    }

    /// Passes a call on, and its answer back. A call may wait for as long as its environment sleeps.
    pub(super) async fn pass(&self, head: Parts, body: Bytes) -> Response<Full<Bytes>> {
        self.exchange(head, body).await.unwrap_or_else(|| {
            let mut response = Response::default();
            *response.status_mut() = StatusCode::BAD_GATEWAY;
            response
        })
    }

    async fn exchange(&self, mut head: Parts, body: Bytes) -> Option<Response<Full<Bytes>>> {
        let path = head.uri.path_and_query()?.as_str();
        head.uri = format!("http://{}{path}", self.authority).parse().ok()?;
        for name in [HOST, CONTENT_LENGTH, CONNECTION, TRANSFER_ENCODING] {
            head.headers.remove(name);
        }
        let answer = self.client.begin(Request::from_parts(head, Full::new(body))).await.ok()?;
        let (mut head, body) = answer.into_parts();
        let body = Limited::new(body, MAX_ANSWER).collect().await.ok()?.to_bytes();
        for name in [CONTENT_LENGTH, CONNECTION, TRANSFER_ENCODING] {
            head.headers.remove(name);
        }
        Some(Response::from_parts(head, Full::new(body)))
    }
}
