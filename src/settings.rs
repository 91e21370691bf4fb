//! Environment → typed settings, once. All errors are listed at start, at once.

mod aws;
mod error;
mod fc;
mod fnf;
mod general;
mod names;
#[cfg(any(feature = "aws", feature = "external-steps", feature = "fnf"))]
mod network;
mod poller;
mod poller_settings;
mod queue_url;
mod read;
mod step;
mod terminal_errors;

pub use crate::host::fc::config::FcConfig;
pub use crate::metrics::MetricsFormat;
pub use crate::poller::config::{PolledTasks, PollerConfig};
pub use crate::service::fnf::config::FnfConfig;
pub use error::SettingsError;
pub use general::Settings;
pub use poller_settings::PollerSettings;
#[cfg(feature = "sqs")]
pub(crate) use queue_url::{QUEUE_URL, is_queue_url};
