use std::fmt;

#[cfg(feature = "aws")]
use aws_config::SdkConfig;

#[cfg(feature = "durable")]
use super::credentials::CredentialCache;
#[cfg(feature = "aws")]
use super::endpoints::Endpoints;
#[cfg(feature = "aws-reports")]
use super::signed_call::SignedCalls;
#[cfg(feature = "sqs")]
use crate::error::{Error, ErrorKind};
use crate::ledger::LedgerConfig;
#[cfg(feature = "sqs")]
use crate::redact::{Place, shown};
use crate::service::fnf::config::FnfConfig;
use crate::settings::Settings;
#[cfg(feature = "sqs")]
use crate::settings::{QUEUE_URL, is_queue_url};

/// The source of the clients of services, ledger and queue: one AWS configuration with one HTTP client, one
/// connection pool and one cache of credentials, the endpoints of the settings, the place of FnF, and the store of the
/// ledger. Clones share all of it.
///
/// ```no_run
/// use taskback::{Clients, Services, Settings};
///
/// # async fn example() -> Result<(), taskback::Error> {
/// let settings = Settings::from_env()?;
/// let clients = Clients::connect(&settings).await;
/// let services = Services::connect(&clients, settings.message_format.service).await?;
/// # let _ = services; Ok(()) }
/// ```
#[derive(Clone)]
pub struct Clients {
    #[cfg(feature = "aws")]
    config: SdkConfig,
    #[cfg(feature = "aws")]
    #[cfg_attr(
        not(any(feature = "aws-reports", feature = "dynamodb", feature = "secrets", feature = "sqs")),
        expect(dead_code, reason = "there is no client of AWS")
    )]
    endpoints: Endpoints,
    /// `None` with a configuration of the caller's own, whose HTTP client may be any.
    #[cfg(feature = "aws-reports")]
    calls: Option<SignedCalls>,
    fnf: FnfConfig,
    ledger: LedgerConfig,
}

impl Clients {
    /// Reads what every AWS SDK reads, from the environment and the profile files, and takes the endpoints of the
    /// settings. Nothing is called yet.
    pub async fn connect(settings: &Settings) -> Self {
        #[cfg(feature = "aws")]
        {
            let connected = super::config::load().await;
            Self {
                #[cfg(feature = "aws-reports")]
                calls: connected.calls,
                ..Self::from_sdk_config(connected.sdk, settings)
            }
        }
        #[cfg(not(feature = "aws"))]
        Self::without_aws(settings)
    }

    /// Takes the settings only: nothing of AWS is read or asked for, as a region or credentials would be.
    pub fn without_aws(settings: &Settings) -> Self {
        #[cfg(feature = "aws")]
        return Self::from_sdk_config(SdkConfig::builder().build(), settings);
        #[cfg(not(feature = "aws"))]
        Self { fnf: settings.fnf.clone(), ledger: settings.ledger.clone() }
    }

    /// Returns `true` if there is an AWS region, without which no client of AWS can be made.
    pub fn has_aws_region(&self) -> bool {
        #[cfg(feature = "aws")]
        return self.config.region().is_some();
        #[cfg(not(feature = "aws"))]
        false
    }

    /// The store of the ledger.
    pub fn ledger(&self) -> &LedgerConfig {
        &self.ledger
    }

    /// The place of FnF and what it takes.
    pub fn fnf(&self) -> &FnfConfig {
        &self.fnf
    }
}

#[cfg(feature = "aws")]
impl Clients {
    /// As [`connect`](Self::connect), with an AWS configuration of the caller's own. Every call goes through the SDKs then,
    /// reports included.
    pub fn from_sdk_config(config: SdkConfig, settings: &Settings) -> Self {
        let endpoints = settings.aws_endpoints().clone();
        Self {
            config,
            endpoints,
            #[cfg(feature = "aws-reports")]
            calls: None,
            fnf: settings.fnf.clone(),
            ledger: settings.ledger.clone(),
        }
    }

    /// What sends calls of a service without an SDK, with the credentials of a configuration of the caller's own too;
    /// `None` where there is no source of credentials.
    #[cfg(feature = "durable")]
    pub(crate) fn own_signed_calls(&self) -> Option<SignedCalls> {
        let of_caller = || {
            let provider = self.config.credentials_provider()?;
            Some(SignedCalls::new(super::http::Client::default(), CredentialCache::new(provider)))
        };
        self.calls.clone().or_else(of_caller)
    }

    /// The AWS configuration.
    #[cfg(feature = "durable")]
    pub(crate) fn sdk_config(&self) -> &SdkConfig {
        &self.config
    }

    /// The endpoint of a service without an SDK, such as `LAMBDA`: its own setting, or else that of all services.
    #[cfg(feature = "durable")]
    pub(crate) fn endpoint_url(&self, service: &str) -> Option<&str> {
        self.endpoints.get(service).or(self.config.endpoint_url())
    }

    /// What sends calls without an SDK, where the configuration is not the caller's own.
    #[cfg(any(feature = "sfn", feature = "swf"))]
    pub(crate) fn signed_calls(&self) -> Option<&SignedCalls> {
        self.calls.as_ref()
    }

    /// A client of SWF.
    #[cfg(feature = "swf")]
    pub fn swf(&self) -> aws_sdk_swf::Client {
        let mut builder = aws_sdk_swf::config::Builder::from(&self.config);
        if let Some(url) = self.endpoints.get("SWF") {
            builder.set_endpoint_url(Some(url.to_owned()));
        }
        aws_sdk_swf::Client::from_conf(builder.build())
    }

    /// A client of Step Functions.
    #[cfg(feature = "sfn")]
    pub fn sfn(&self) -> aws_sdk_sfn::Client {
        let mut builder = aws_sdk_sfn::config::Builder::from(&self.config);
        if let Some(url) = self.endpoints.get("SFN") {
            builder.set_endpoint_url(Some(url.to_owned()));
        }
        aws_sdk_sfn::Client::from_conf(builder.build())
    }

    /// A client of DynamoDB.
    #[cfg(feature = "dynamodb")]
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let mut builder = aws_sdk_dynamodb::config::Builder::from(&self.config);
        if let Some(url) = self.endpoints.get("DYNAMODB") {
            builder.set_endpoint_url(Some(url.to_owned()));
        }
        aws_sdk_dynamodb::Client::from_conf(builder.build())
    }

    /// A client of SQS.
    #[cfg(feature = "sqs")]
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        let mut builder = aws_sdk_sqs::config::Builder::from(&self.config);
        if let Some(url) = self.endpoints.get("SQS") {
            builder.set_endpoint_url(Some(url.to_owned()));
        }
        aws_sdk_sqs::Client::from_conf(builder.build())
    }

    /// A client of SQS for the queue at that URL. It is an error if that is not the URL of a queue, if there is no region, or if
    /// the URL is an emulator's and the client would call AWS: set what the error names.
    #[cfg(feature = "sqs")]
    pub fn sqs_at(&self, queue_url: &str) -> Result<aws_sdk_sqs::Client, Error> {
        if !is_queue_url(queue_url) {
            let text = format!(
                "TASKBACK_QUEUE_URL or --queue-url: invalid value {}, expected {QUEUE_URL}",
                shown(queue_url)
            );
            return Err(Error::new(ErrorKind::Settings, text));
        }
        if !self.has_aws_region() {
            return Err(Error::new(ErrorKind::Settings, "a queue needs AWS_REGION"));
        }
        // AWS's own queues have https.
        let is_emulated = queue_url.starts_with("http://");
        let is_aws = self.endpoints.get("SQS").or(self.config.endpoint_url()).is_none();
        if is_emulated && is_aws {
            let place = Place(queue_url);
            let text = format!(
                "TASKBACK_QUEUE_URL: {place:?} is not AWS, and the calls would go there; set AWS_ENDPOINT_URL_SQS or \
                 AWS_ENDPOINT_URL to the URL of the emulator"
            );
            return Err(Error::new(ErrorKind::Settings, text));
        }
        Ok(self.sqs())
    }

    /// A client of Secrets Manager, which waits 5 s for an answer.
    #[cfg(feature = "secrets")]
    pub fn secrets(&self) -> aws_sdk_secretsmanager::Client {
        let mut builder = aws_sdk_secretsmanager::config::Builder::from(&self.config);
        if let Some(url) = self.endpoints.get("SECRETS_MANAGER") {
            builder.set_endpoint_url(Some(url.to_owned()));
        }
        builder.set_timeout_config(Some(super::config::timeouts_within(SECRET_TIMEOUT)));
        aws_sdk_secretsmanager::Client::from_conf(builder.build())
    }
}

#[cfg(feature = "secrets")]
const SECRET_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(5);

/// Opaque: the configuration holds a source of credentials.
impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients").field("fnf_config", &self.fnf).finish_non_exhaustive()
    }
}
