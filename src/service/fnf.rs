use aliyun_fnf::{Client, Error, Quota, ReportTaskFailed, ReportTaskSucceeded};
use taskback_core::fnf::{self, Report};
use taskback_core::{Answer, ErrorKind, Flaw, Outcome, Service, TaskToken};
use tokio::time::Instant;

use super::{Reporter, Slot};
use crate::BoxFuture;
use crate::settings::FnfSettings;

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

    /// A client with the official credentials, at the place that the settings name.
    pub fn from_settings(settings: &FnfSettings) -> Result<Self, crate::Error> {
        Ok(Self::new(client(settings)?).output_bytes(settings.max_output_bytes))
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

/// A client of FnF at the place that the settings name, with the official credentials.
pub(crate) fn client(settings: &FnfSettings) -> Result<Client, crate::Error> {
    let mut builder = Client::builder();
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
            aliyun_fnf::ErrorKind::NoSlot => unsendable(ErrorKind::Throttled, error),
            aliyun_fnf::ErrorKind::Settings => unsendable(ErrorKind::Unexpected, error),
            _ => Answer::Missing { sent: error.may_have_been_sent(), why: error.message().to_owned() },
        },
    }
}

fn unsendable(kind: ErrorKind, error: &Error) -> Answer {
    Answer::Unsendable { kind, why: error.message().to_owned() }
}
