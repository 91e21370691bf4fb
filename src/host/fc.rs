//! Alibaba Cloud's Function Compute: a custom runtime is an HTTP server that the host calls.

pub(crate) mod config;
#[cfg(feature = "fc")]
mod instance;
#[cfg(feature = "fc")]
mod reply;
#[cfg(feature = "fc")]
mod request;
#[cfg(feature = "fc")]
mod room;
#[cfg(feature = "fc")]
mod server;

use std::sync::Arc;

use taskback_core::RetryPolicy;

use super::function_host::FunctionHost;
use crate::error::Error;
use crate::future::BoxFuture;
use crate::handler::Handler;
use crate::settings::Settings;

pub(super) struct FunctionCompute;

impl FunctionHost for FunctionCompute {
    fn name(&self) -> &'static str {
        "fc"
    }

    /// Not every generation of Function Compute sets all of them.
    fn variables(&self) -> &'static [&'static str] {
        &["FC_SERVER_PORT", "FC_CUSTOM_LISTEN_PORT", "FC_FUNCTION_NAME"]
    }

    fn name_variable(&self) -> &'static str {
        "FC_FUNCTION_NAME"
    }

    /// A synchronous invocation is not delivered again: all of its time is for the report.
    fn retry(&self) -> RetryPolicy {
        RetryPolicy { attempts: u32::MAX, ..RetryPolicy::default() }
    }

    #[cfg_attr(not(feature = "fc"), expect(unused_variables, reason = "the host is not compiled in"))]
    fn serve<'a>(
        &'a self,
        handler: Arc<dyn Handler>,
        settings: &'a Settings,
    ) -> BoxFuture<'a, Result<(), Error>> {
        #[cfg(feature = "fc")]
        return Box::pin(server::serve(handler, &settings.fc));
        #[cfg(not(feature = "fc"))]
        Box::pin(std::future::ready(Err(Error::new(
            crate::error::ErrorKind::MissingFeature,
            "this is Function Compute, and the feature fc is not compiled in",
        ))))
    }
}
