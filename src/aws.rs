//! One AWS configuration for every client: one HTTP and one TLS stack, one connection pool, one
//! cache of credentials.

use std::error::Error;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_credential_types::provider::error::CredentialsError;
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
    if let Some(url) = endpoint("SWF", config, settings) {
        builder.set_endpoint_url(url);
    }
    aws_sdk_swf::Client::from_conf(builder.build())
}

/// A client of DynamoDB, whose endpoint the settings may name.
#[cfg(feature = "dynamodb")]
pub fn dynamodb(config: &SdkConfig, settings: &Settings) -> aws_sdk_dynamodb::Client {
    let mut builder = aws_sdk_dynamodb::config::Builder::from(config);
    if let Some(url) = endpoint("DYNAMODB", config, settings) {
        builder.set_endpoint_url(url);
    }
    aws_sdk_dynamodb::Client::from_conf(builder.build())
}

/// A client of SQS, whose endpoint the settings may name.
#[cfg(feature = "sqs")]
pub fn sqs(config: &SdkConfig, settings: &Settings) -> aws_sdk_sqs::Client {
    let mut builder = aws_sdk_sqs::config::Builder::from(config);
    if let Some(url) = endpoint("SQS", config, settings) {
        builder.set_endpoint_url(url);
    }
    aws_sdk_sqs::Client::from_conf(builder.build())
}

/// The endpoint in place of the one that the SDK would find; `Some(None)` = AWS's own. The SDK takes
/// an empty variable for a URL; the settings do not.
fn endpoint(service: &str, config: &SdkConfig, settings: &Settings) -> Option<Option<String>> {
    let url = settings.aws_endpoint(service)?;
    Some(url.or_else(|| config.endpoint_url().map(str::to_owned)))
}

/// Why certainly nothing of a request was sent.
#[cfg(feature = "swf")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unsent {
    /// No connection came about.
    NoConnection,
    /// There are no credentials, or they are set up wrongly.
    NoCredentials,
    /// Whoever gives the credentials did not answer.
    CredentialsLate,
}

/// Why certainly nothing was sent; `None` where something may have been.
#[cfg(feature = "swf")]
pub(crate) fn unsent(error: &ConnectorError) -> Option<Unsent> {
    let mut source: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = source {
        if error.downcast_ref::<hyper_util::client::legacy::Error>().is_some_and(|error| error.is_connect()) {
            return Some(Unsent::NoConnection);
        }
        match error.downcast_ref::<CredentialsError>() {
            Some(CredentialsError::CredentialsNotLoaded(_) | CredentialsError::InvalidConfiguration(_)) => {
                return Some(Unsent::NoCredentials);
            }
            Some(_) => return Some(Unsent::CredentialsLate),
            None => source = error.source(),
        }
    }
    None
}
