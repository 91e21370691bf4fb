use std::io;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;

/// One request, read to its end.
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    /// None where it has more bytes than any service takes.
    pub(crate) body: Option<Bytes>,
}

impl Request {
    /// Reads it to its end; what is too large is read on up to a bound, because a client that still
    /// writes would never see its answer.
    pub(crate) async fn read(request: hyper::Request<Incoming>) -> io::Result<Self> {
        let (parts, mut body) = request.into_parts();
        let (mut kept, mut bytes) = (BytesMut::new(), 0);
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(io::Error::other)?.into_data() else { continue };
            bytes += data.len();
            if bytes > MOST_READ {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            if bytes <= MOST_KEPT {
                kept.extend_from_slice(&data);
            }
        }
        Ok(Self {
            method: parts.method.as_str().to_owned(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers: parts.headers,
            body: (bytes <= MOST_KEPT).then(|| kept.freeze()),
        })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The content type without its parameters, or nothing.
    pub(crate) fn media_type(&self) -> String {
        let value = self.header(header::CONTENT_TYPE.as_str()).unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }
}

/// The most that is kept of a body: what the more generous service takes.
const MOST_KEPT: usize = 1024 * 1024;
/// The most that is read of a body before its connection is given up.
const MOST_READ: usize = 16 * MOST_KEPT;
