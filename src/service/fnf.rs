pub(crate) mod config;
mod host;
#[cfg(feature = "secrets")]
mod secret;

use std::sync::Arc;

use aliyun_fnf::{Client, Error, Quota, ReportTaskFailed, ReportTaskSucceeded};
use taskback_core::fnf::{self, Report};
use taskback_core::{Outcome, RejectedPart, ReportErrorKind, Service, ServiceResponse, TaskToken};
use tokio::time::Instant;

use super::connector::Connector;
use super::reporter::{Permit, ReportRequest, Reporter};
use crate::aws::Clients;
use crate::error;
use crate::future::BoxFuture;

#[cfg(feature = "secrets")]
pub use secret::FnfSecret;

#[cfg(feature = "fc")]
pub(crate) use host::use_host_credentials;

pub(super) const CONNECTOR: Connector = Connector {
    connect: |clients| Box::pin(async { Ok(Fnf::connect(clients).await?.map(|fnf| Arc::new(fnf) as _)) }),
    local: |url| Ok(Arc::new(Fnf::local(url)?)),
};

/// FnF through `aliyun-fnf`.
///
/// ```
/// use taskback::{Fnf, Services};
///
/// let fnf = Fnf::local("http://127.0.0.1:4566")?.require_object_output(true);
/// let services = Services::default().with(fnf);
/// # Ok::<(), taskback::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Fnf {
    client: Client,
    output_bytes: usize,
    require_object: bool,
}

impl Fnf {
    /// A reporter whose outputs may have as many bytes of UTF-8 as the service's own limit.
    pub fn new(client: Client) -> Self {
        Self { client, output_bytes: fnf::OUTPUT_BYTES, require_object: false }
    }

    /// The reporter at the configured place, with the credentials of its secret, which AWS holds, or else the official
    /// ones; `None` where no place is configured.
    pub(crate) async fn connect(clients: &Clients) -> Result<Option<Self>, error::Error> {
        let config = clients.fnf();
        if !config.is_set() {
            return Ok(None);
        }
        let fnf = Self::new(client(clients).await?);
        let fnf =
            fnf.output_bytes(config.max_output_bytes).require_object_output(config.require_object_output);
        Ok(Some(fnf))
    }

    /// A client of the local services at `url` (`taskback local`), with their keys.
    pub fn local(url: &str) -> Result<Self, error::Error> {
        let keys = aliyun_fnf::Credentials::new("taskback-local", "taskback-local-secret");
        let client = Client::builder().endpoint(url).credentials(keys).build();
        Ok(Self::new(client.map_err(unconfigured)?))
    }

    /// Another limit for outputs, in bytes of UTF-8: 32 KiB for the old service.
    pub fn output_bytes(mut self, max: usize) -> Self {
        self.output_bytes = max;
        self
    }

    /// Whether an output that is not a JSON object becomes the failure `OutputNotObject`; default: it is
    /// reported as it is, with a warning.
    pub fn require_object_output(mut self, require: bool) -> Self {
        self.require_object = require;
        self
    }

    async fn send(
        &self,
        token: &TaskToken,
        outcome: &Outcome,
        permit: Option<Permit>,
        deadline: Instant,
    ) -> Result<aliyun_fnf::Reported, Option<Error>> {
        let permit = permit.and_then(Permit::into_limited::<aliyun_fnf::Permit>);
        let token = token.expose();
        let answer = match fnf::report(outcome).ok_or(None)? {
            Report::Succeeded { output } => {
                let call = self.client.call(ReportTaskSucceeded::new(token, output)).deadline(deadline);
                if let Some(permit) = permit { call.permit(permit).await } else { call.await }
            }
            Report::Failed { error, cause } => {
                let request = ReportTaskFailed::new(token, error);
                let request = match cause {
                    Some(cause) => request.cause(cause),
                    None => request,
                };
                let call = self.client.call(request).deadline(deadline);
                if let Some(permit) = permit { call.permit(permit).await } else { call.await }
            }
        };
        answer.map_err(Some)
    }
}

/// A client of FnF at the configured place, with the credentials of the configured secret, else the host's, else the
/// official ones.
pub(crate) async fn client(clients: &Clients) -> Result<Client, error::Error> {
    let config = clients.fnf();
    let mut builder = Client::builder().credentials_provider(host::HostFirst::default());
    if let Some(region) = &config.region {
        builder = builder.region(region);
    }
    if let Some(endpoint) = &config.endpoint {
        builder = builder.endpoint(endpoint);
    }
    if let Some(host) = &config.allow_http_host {
        tracing::warn!(
            event = "fnf.plain_http",
            host,
            "FNF_ALLOW_HTTP_HOST: task tokens may be sent to this host in plain HTTP"
        );
        builder = builder.allow_http_host(host);
    }
    #[cfg(feature = "secrets")]
    if let Some(id) = &config.secret_id {
        builder = builder.credentials_provider(FnfSecret::read(clients.secrets(), id).await?);
    }
    builder.build().map_err(unconfigured)
}

fn unconfigured(error: Error) -> error::Error {
    error::Error::new(error::ErrorKind::Settings, format!("FnF: {error}")).with_source(error)
}

impl Reporter for Fnf {
    fn service(&self) -> Service {
        Service::Fnf
    }

    fn enforce_limits(&self, outcome: Outcome) -> Outcome {
        let fits = fnf::enforce_limits(outcome, self.output_bytes);
        if self.require_object { fnf::require_object(fits) } else { fits }
    }

    fn report<'a>(&'a self, request: ReportRequest<'a>) -> BoxFuture<'a, ServiceResponse> {
        let ReportRequest { token, outcome, permit, deadline } = request;
        Box::pin(async move {
            match self.send(token, outcome, permit, deadline).await {
                Ok(reported) => ServiceResponse::Accepted { request_id: reported.request_id },
                Err(Some(error)) => response(&error),
                Err(None) => ServiceResponse::NotSent {
                    kind: ReportErrorKind::Unexpected,
                    reason: "another party reports".into(),
                },
            }
        })
    }

    fn permit(&self, deadline: Instant) -> BoxFuture<'_, Option<Permit>> {
        Box::pin(async move {
            let permit = self.client.limiter().acquire(Quota::Other, deadline).await.ok()?;
            Some(Permit::limited(permit))
        })
    }

    fn warm_up(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.client.connect())
    }
}

fn response(error: &Error) -> ServiceResponse {
    match error.status() {
        // An answer that was cut off is a lost one, whatever its status.
        Some(status) if error.kind() != aliyun_fnf::ErrorKind::NoResponse => ServiceResponse::Refused {
            status,
            code: error.code().map(str::to_owned),
            message: error.message().to_owned(),
            request_id: error.request_id().map(str::to_owned),
        },
        _ => match error.kind() {
            aliyun_fnf::ErrorKind::Credentials => not_sent(ReportErrorKind::Denied, error),
            aliyun_fnf::ErrorKind::InvalidRequest => {
                not_sent(ReportErrorKind::InvalidReport(RejectedPart::Other), error)
            }
            aliyun_fnf::ErrorKind::TooLarge => {
                not_sent(ReportErrorKind::InvalidReport(RejectedPart::OutputSize), error)
            }
            aliyun_fnf::ErrorKind::NoPermit => not_sent(ReportErrorKind::Throttled, error),
            aliyun_fnf::ErrorKind::Settings => not_sent(ReportErrorKind::Unexpected, error),
            _ => ServiceResponse::NoResponse {
                sent: error.may_have_been_sent(),
                reason: error.message().to_owned(),
            },
        },
    }
}

fn not_sent(kind: ReportErrorKind, error: &Error) -> ServiceResponse {
    ServiceResponse::NotSent { kind, reason: error.message().to_owned() }
}
