use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body;

use crate::failure::describe;

/// The maximum memory reserved ahead for the `content-length` that a response announces.
const MAX_RESERVED: usize = 1 << 20;

/// Reads a whole body of at most `max` bytes. A body that announces more is not read at all. Small frames are copied
/// together as they arrive: apart, each would take more memory than it has bytes.
pub(crate) async fn read<B>(mut body: B, max: usize) -> Result<Bytes, String>
where
    B: Body<Data = Bytes, Error = hyper::Error> + Unpin,
{
    let too_large = || format!("the response body has more than {max} bytes");
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > max {
        return Err(too_large());
    }
    let (mut first, mut rest) = (Bytes::new(), BytesMut::new());
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|error| describe(&error))?.into_data() else { continue };
        if first.len() + rest.len() + data.len() > max {
            return Err(too_large());
        }
        if first.is_empty() && rest.is_empty() {
            first = data;
            continue;
        }
        if rest.is_empty() {
            rest.reserve(announced.min(MAX_RESERVED).max(first.len() + data.len()));
            rest.extend_from_slice(&std::mem::take(&mut first));
        }
        rest.extend_from_slice(&data);
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}
