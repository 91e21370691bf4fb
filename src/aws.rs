//! One AWS configuration for every client: one HTTP and one TLS stack, one connection pool, one
//! cache of credentials.

mod http;
#[cfg(feature = "sqs")]
mod refusal;

use std::error::Error;
use std::time::Duration;

use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

use crate::Settings;

#[cfg(feature = "sqs")]
pub(crate) use refusal::{Refusal, in_time};

/// What every AWS SDK reads, from the environment and the profile files. Retries are off: there is
/// one retry loop for reports, and it is ours. So is the watch over streams that stall: no body here is
/// a stream.
pub async fn load() -> SdkConfig {
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http::Client::default())
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    if let Some(region) = region_of_env() {
        loader = loader.region(region);
    }
    let config = loader.load().await;
    // The SDK takes an empty variable for a region.
    match config.region() {
        Some(region) if region.as_ref().is_empty() => config.into_builder().region(None).build(),
        _ => config,
    }
}

fn region_of_env() -> Option<Region> {
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    set("AWS_REGION").or_else(|| set("AWS_DEFAULT_REGION")).map(Region::new)
}

/// For the local services at `url`, with their keys; nothing is read from the environment.
pub fn local(url: &str) -> SdkConfig {
    let keys = Credentials::new("taskback-local", "taskback-local-secret", None, None, "taskback-local");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(keys))
        .endpoint_url(url)
        .http_client(http::Client::default())
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build()
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(CONNECT).build()
}

const CONNECT: Duration = Duration::from_secs(2);

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

/// A client of Secrets Manager, whose endpoint the settings may name. It waits 5 s for an answer.
#[cfg(feature = "secrets")]
pub fn secrets_manager(config: &SdkConfig, settings: &Settings) -> aws_sdk_secretsmanager::Client {
    let mut builder = aws_sdk_secretsmanager::config::Builder::from(config);
    if let Some(url) = endpoint("SECRETS_MANAGER", config, settings) {
        builder.set_endpoint_url(url);
    }
    let patience = TimeoutConfig::builder().operation_timeout(Duration::from_secs(5));
    builder.set_timeout_config(Some(patience.connect_timeout(CONNECT).build()));
    aws_sdk_secretsmanager::Client::from_conf(builder.build())
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
        if error.is::<http::Unreached>() {
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
