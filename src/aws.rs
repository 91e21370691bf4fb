//! One AWS configuration for every client: one HTTP and one TLS stack, one connection pool, one
//! cache of credentials.

use std::error::Error;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

use crate::Settings;

/// What every AWS SDK reads, from the environment and the profile files. Retries are off: there is
/// one retry loop for reports, and it is ours.
pub async fn load() -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(http_client())
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts())
        .load()
        .await
}

/// For the local services at `url`, with their keys; nothing is read from the environment.
pub fn local(url: &str) -> SdkConfig {
    let keys = Credentials::new("taskback-local", "taskback-local-secret", None, None, "taskback-local");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(keys))
        .endpoint_url(url)
        .http_client(http_client())
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts())
        .build()
}

fn http_client() -> SharedHttpClient {
    Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(Duration::from_secs(2)).build()
}

/// A client of SWF, whose endpoint the settings may name.
#[cfg(feature = "swf")]
pub fn swf(config: &SdkConfig, settings: &Settings) -> aws_sdk_swf::Client {
    let mut builder = aws_sdk_swf::config::Builder::from(config);
    if let Some(url) = settings.aws_endpoint("SWF") {
        // The SDK takes an empty variable for a URL; the settings do not.
        builder.set_endpoint_url(url.or_else(|| config.endpoint_url().map(str::to_owned)));
    }
    aws_sdk_swf::Client::from_conf(builder.build())
}

/// Whether no connection came about, so that certainly nothing was sent.
#[cfg(feature = "swf")]
pub(crate) fn is_connect(error: &ConnectorError) -> bool {
    let mut source: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = source {
        if error.downcast_ref::<hyper_util::client::legacy::Error>().is_some_and(|error| error.is_connect()) {
            return true;
        }
        source = error.source();
    }
    false
}
