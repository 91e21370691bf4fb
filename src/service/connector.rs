use std::sync::Arc;

use super::reporter::Reporter;
use crate::aws::Clients;
use crate::error::Error;
use crate::future::BoxFuture;

/// The constructors of one service's client.
pub(super) struct Connector {
    /// Makes the client, where the settings and the environment say that there is one.
    pub(super) connect: fn(&Clients) -> Connecting<'_>,
    /// Makes a client of the local services at that URL.
    #[cfg_attr(
        not(any(feature = "durable", feature = "fnf", feature = "sfn", feature = "swf")),
        expect(dead_code, reason = "no service is compiled in")
    )]
    pub(super) local: fn(&str) -> Result<Arc<dyn Reporter>, Error>,
}

pub(super) type Connecting<'a> = BoxFuture<'a, Result<Option<Arc<dyn Reporter>>, Error>>;
