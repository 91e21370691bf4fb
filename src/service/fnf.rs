mod host;
#[cfg(feature = "secrets")]
mod secret;

use aliyun_fnf::{Client, ClientBuilder, Error, Quota, ReportTaskFailed, ReportTaskSucceeded};
use taskback_core::fnf::{self, Report};
use taskback_core::{Answer, ErrorKind, Flaw, Outcome, Service, TaskToken};
use tokio::time::Instant;

use super::{Reporter, Slot};
use crate::settings::FnfSettings;
use crate::{BoxFuture, Settings};

#[cfg(feature = "secrets")]
pub use secret::FnfSecret;

#[cfg(feature = "fc")]
pub(crate) use host::use_host_credentials;

/// FnF through `aliyun-fnf`.
#[derive(Clone, Debug)]
pub struct Fnf {
    client: Client,
    output_bytes: usize,
}

impl Fnf {
    /// A reporter whose outputs may have as many bytes of UTF-8 as the service's own limit.
    pub fn new(client: Client) -> Self {
        Self { client, output_bytes: fnf::OUTPUT_BYTES }
    }

    /// A client at the place that the settings name, with the credentials of their secret, which AWS
    /// keeps, or else the official ones.
    #[cfg(feature = "swf")]
    pub(crate) async fn over(aws: &aws_config::SdkConfig, settings: &Settings) -> Result<Self, crate::Error> {
        let client = built(with_keys(at(&settings.fnf), aws, settings).await?)?;
        Ok(Self::new(client).output_bytes(settings.fnf.max_output_bytes))
    }

    /// A client at the place that the settings name, with the official credentials.
    #[cfg(not(feature = "swf"))]
    pub(crate) fn from_settings(settings: &FnfSettings) -> Result<Self, crate::Error> {
        Ok(Self::new(built(at(settings))?).output_bytes(settings.max_output_bytes))
    }

    /// A client of the local services at `url` (`taskback local`), with their keys.
    pub fn local(url: &str) -> Result<Self, crate::Error> {
        let keys = aliyun_fnf::Credentials::new("taskback-local", "taskback-local-secret");
        let client = Client::builder().endpoint(url).credentials(keys).build();
        Ok(Self::new(client.map_err(|error| crate::Error::new(format!("FnF: {error}")))?))
    }

    /// Another limit for outputs, in bytes of UTF-8: 32 KiB for the old service.
    pub fn output_bytes(mut self, most: usize) -> Self {
        self.output_bytes = most;
        self
    }

    async fn send(
        &self,
        token: &TaskToken,
        outcome: &Outcome,
        slot: Option<Slot>,
        by: Instant,
    ) -> Result<aliyun_fnf::Reported, Option<Error>> {
        let slot = slot.and_then(|slot| slot.0?.downcast::<aliyun_fnf::Slot>().ok());
        let token = token.expose();
        let answer = match fnf::report(outcome).ok_or(None)? {
            Report::Succeeded { output } => {
                let call = self.client.call(ReportTaskSucceeded::new(token, output)).by(by);
                if let Some(slot) = slot { call.slot(*slot).await } else { call.await }
            }
            Report::Failed { error, cause } => {
                let request = ReportTaskFailed::new(token, error);
                let request = match cause {
                    Some(cause) => request.cause(cause),
                    None => request,
                };
                let call = self.client.call(request).by(by);
                if let Some(slot) = slot { call.slot(*slot).await } else { call.await }
            }
        };
        answer.map_err(Some)
    }
}

/// A client of FnF at the place that the settings name, with the credentials that they name; else
/// with the host's, else the official ones.
pub(crate) async fn client(settings: &Settings) -> Result<Client, crate::Error> {
    let builder = at(&settings.fnf);
    #[cfg(feature = "secrets")]
    if settings.fnf.secret_id.is_some() {
        return built(with_keys(builder, &crate::aws::load().await, settings).await?);
    }
    built(builder)
}

fn at(settings: &FnfSettings) -> ClientBuilder {
    let mut builder = Client::builder().credentials_provider(host::HostFirst::default());
    if let Some(region) = &settings.region {
        builder = builder.region(region);
    }
    if let Some(endpoint) = &settings.endpoint {
        builder = builder.endpoint(endpoint);
    }
    if let Some(host) = &settings.allow_http_host {
        tracing::warn!(host, "FNF_ALLOW_HTTP_HOST: task tokens may go to this host in plain HTTP");
        builder = builder.allow_http_host(host);
    }
    builder
}

/// Without a secret in the settings the client looks where every Alibaba Cloud SDK does.
#[cfg(feature = "swf")]
async fn with_keys(
    builder: ClientBuilder,
    #[cfg_attr(not(feature = "secrets"), expect(unused_variables))] aws: &aws_config::SdkConfig,
    settings: &Settings,
) -> Result<ClientBuilder, crate::Error> {
    match &settings.fnf.secret_id {
        #[cfg(feature = "secrets")]
        Some(id) => {
            let secret = FnfSecret::read(crate::aws::secrets_manager(aws, settings), id).await?;
            Ok(builder.credentials_provider(secret))
        }
        _ => Ok(builder),
    }
}

fn built(builder: ClientBuilder) -> Result<Client, crate::Error> {
    builder.build().map_err(|error| crate::Error::new(format!("FnF: {error}")))
}

impl Reporter for Fnf {
    fn service(&self) -> Service {
        Service::Fnf
    }

    fn fit(&self, outcome: Outcome) -> Outcome {
        fnf::fit(outcome, self.output_bytes)
    }

    fn report<'a>(
        &'a self,
        token: &'a TaskToken,
        outcome: &'a Outcome,
        slot: Option<Slot>,
        by: Instant,
    ) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            match self.send(token, outcome, slot, by).await {
                Ok(reported) => Answer::Accepted { request_id: reported.request_id },
                Err(Some(error)) => answer(&error),
                Err(None) => {
                    Answer::Unsendable { kind: ErrorKind::Unexpected, why: "somebody else reports".into() }
                }
            }
        })
    }

    fn slot(&self, by: Instant) -> BoxFuture<'_, Option<Slot>> {
        Box::pin(async move {
            let slot = self.client.limiter().acquire(Quota::Other, by).await.ok()?;
            Some(Slot(Some(Box::new(slot))))
        })
    }

    fn warm(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.client.connect())
    }
}

fn answer(error: &Error) -> Answer {
    match error.status() {
        // An answer that was cut off is a lost one, whatever its status line said.
        Some(status) if error.kind() != aliyun_fnf::ErrorKind::NoAnswer => Answer::Refused {
            status,
            code: error.code().map(str::to_owned),
            message: error.message().to_owned(),
            request_id: error.request_id().map(str::to_owned),
        },
        _ => match error.kind() {
            aliyun_fnf::ErrorKind::Credentials => unsendable(ErrorKind::Denied, error),
            aliyun_fnf::ErrorKind::InvalidRequest => unsendable(ErrorKind::InvalidReport(Flaw::Other), error),
            aliyun_fnf::ErrorKind::TooLarge => unsendable(ErrorKind::InvalidReport(Flaw::OutputSize), error),
            aliyun_fnf::ErrorKind::NoSlot => unsendable(ErrorKind::Throttled, error),
            aliyun_fnf::ErrorKind::Settings => unsendable(ErrorKind::Unexpected, error),
            _ => Answer::Missing { sent: error.may_have_been_sent(), why: error.message().to_owned() },
        },
    }
}

fn unsendable(kind: ErrorKind, error: &Error) -> Answer {
    Answer::Unsendable { kind, why: error.message().to_owned() }
}
