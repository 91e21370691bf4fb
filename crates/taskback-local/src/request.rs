use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::time::timeout;

/// A complete request.
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    /// The host, with its port, of a request target that is a whole URL.
    pub(crate) target_host: Option<String>,
    pub(crate) headers: HeaderMap,
    /// `None` if it is larger than any service allows.
    pub(crate) body: Option<Bytes>,
}

impl Request {
    /// Reads a request to its end. A body that is too large is read up to a limit and dropped,
    /// because a client that is still writing would not see the response.
    pub(crate) async fn read(request: hyper::Request<Incoming>) -> io::Result<Self> {
        let read = timeout(MAX_ARRIVAL, Self::read_all(request)).await;
        read.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    async fn read_all(request: hyper::Request<Incoming>) -> io::Result<Self> {
        let (parts, mut body) = request.into_parts();
        let (mut buffer, mut bytes) = (BytesMut::new(), 0);
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(io::Error::other)?.into_data() else { continue };
            bytes += data.len();
            if bytes > MAX_READ {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            if bytes <= MAX_BODY {
                buffer.extend_from_slice(&data);
            }
        }
        Ok(Self {
            method: parts.method.as_str().to_owned(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            target_host: parts.uri.authority().map(|authority| authority.as_str().to_owned()),
            headers: parts.headers,
            body: (bytes <= MAX_BODY).then(|| buffer.freeze()),
        })
    }

    /// Returns whether the path is `/_local` or below.
    pub(crate) fn is_admin(&self) -> bool {
        self.path == "/_local" || self.path.starts_with("/_local/")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The content type in lower case without its parameters; empty if there is none.
    pub(crate) fn media_type(&self) -> String {
        let value = self.header(header::CONTENT_TYPE.as_str()).unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }
}

/// The maximum size of a body: the larger of the services' limits.
const MAX_BODY: usize = 1024 * 1024;
/// The number of bytes of a body after which the connection is closed.
const MAX_READ: usize = 16 * MAX_BODY;
/// The maximum time for a request to arrive.
const MAX_ARRIVAL: Duration = Duration::from_secs(30);
