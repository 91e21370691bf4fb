//! One AWS configuration for every client: one HTTP and one TLS stack, one connection pool, one cache of credentials.

use std::collections::HashMap;
use std::time::Duration;

use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_types::retry::{ReconnectMode, RetryConfig};
use aws_smithy_types::timeout::TimeoutConfig;

use super::credentials::{Checked, CredentialCache};
use super::http;
#[cfg(feature = "aws-reports")]
use super::signed_call::SignedCalls;
use crate::environment;

/// Reads what every AWS SDK reads, from the environment and the profile files; an empty variable counts as unset, also
/// for the clients that fetch credentials. Retries are off: reports have one retry loop, which is ours. So is the watch
/// over streams that stall: no body here is a stream.
pub(super) async fn load() -> Connected {
    // An empty variable would be a value for the SDK. A value that is not UTF-8 is an error of the settings, where the
    // variable is one of ours or of the SDK's.
    let texts =
        environment::vars().filter_map(|(name, value)| name.into_string().ok().zip(value.into_string().ok()));
    load_from(texts.collect()).await
}

/// As [`load`], from the given variables.
pub(super) async fn load_from(set: HashMap<String, String>) -> Connected {
    let http = http::Client::default();
    let config = aws_config::defaults(BehaviorVersion::latest())
        .env(set.into())
        .http_client(http.clone())
        .retry_config(no_retries())
        .timeout_config(timeouts())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .load()
        .await;
    Connected::new(config, http)
}

/// A configuration whose HTTP client and credentials are known, so that calls can be sent without an SDK too.
pub(super) struct Connected {
    pub(super) sdk: SdkConfig,
    /// `None` where there is no source of credentials.
    #[cfg(feature = "aws-reports")]
    pub(super) calls: Option<SignedCalls>,
}

impl Connected {
    /// Puts one cache of checked credentials under all clients.
    fn new(config: SdkConfig, http: http::Client) -> Self {
        let cache = config
            .credentials_provider()
            .map(|provider| CredentialCache::new(SharedCredentialsProvider::new(Checked::new(provider))));
        let mut builder = config.into_builder();
        builder.set_credentials_provider(cache.clone().map(SharedCredentialsProvider::new));
        #[cfg(not(feature = "aws-reports"))]
        drop(http);
        Self {
            sdk: builder.build(),
            #[cfg(feature = "aws-reports")]
            calls: cache.map(|cache| SignedCalls::new(http, cache)),
        }
    }
}

/// A configuration for the local services at `url`, with their keys; nothing is read from the environment.
///
/// ```
/// let config = taskback::aws::local("http://127.0.0.1:4566");
/// assert_eq!(config.region().unwrap().as_ref(), "us-east-1");
/// ```
pub fn local(url: &str) -> SdkConfig {
    local_over(url, http::Client::default())
}

/// [`local`], for calls without an SDK too.
#[cfg(feature = "aws-reports")]
pub(crate) fn connect_local(url: &str) -> (SdkConfig, Option<SignedCalls>) {
    let http = http::Client::default();
    let Connected { sdk, calls } = Connected::new(local_over(url, http.clone()), http);
    (sdk, calls)
}

fn local_over(url: &str, http: http::Client) -> SdkConfig {
    let keys = Credentials::new("taskback-local", "taskback-local-secret", None, None, "taskback-local");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(keys))
        .endpoint_url(url)
        .http_client(http)
        .retry_config(no_retries())
        .timeout_config(timeouts())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build()
}

/// Connections that had an answer are used again: closing one is the HTTP client's business, and the SDK, which looks
/// for a connection of its own, would log an error for each answer that asks for a retry.
fn no_retries() -> RetryConfig {
    RetryConfig::disabled().with_reconnect_mode(ReconnectMode::ReuseAllConnections)
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(CONNECT).build()
}

/// Timeouts of a client whose calls end within `max`.
#[cfg(feature = "secrets")]
pub(super) fn timeouts_within(max: Duration) -> TimeoutConfig {
    timeouts().into_builder().operation_timeout(max).build()
}

const CONNECT: Duration = Duration::from_secs(2);
