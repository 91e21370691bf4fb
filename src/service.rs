//! The workflow services that wait for reports: one file each, one trait.

#[cfg(feature = "fnf")]
mod fnf;
#[cfg(feature = "swf")]
mod swf;

use std::any::Any;
use std::sync::Arc;

use taskback_core::{Answer, Execution, Ours, Outcome, Service, TaskToken};
use tokio::time::Instant;

use crate::{BoxFuture, Error, Settings};

#[cfg(feature = "fnf")]
pub use fnf::Fnf;
#[cfg(feature = "secrets")]
pub use fnf::FnfSecret;
#[cfg(feature = "fnf")]
pub(crate) use fnf::client as fnf_client;
#[cfg(all(feature = "fc", feature = "fnf"))]
pub(crate) use fnf::use_host_credentials;
#[cfg(feature = "swf")]
pub use swf::Swf;

/// Sends a report and hands back the answer, unjudged: judging, trying again and remembering are
/// done elsewhere, once for all services.
pub trait Reporter: Send + Sync + 'static {
    /// The service that this is a client of.
    fn service(&self) -> Service;

    /// The outcome as this service can be told it: an output that can never fit becomes the failure
    /// `OutputTooLarge`.
    fn fit(&self, outcome: Outcome) -> Outcome;

    /// One attempt, without any retry of its own. It is dropped at `by`, which it may use to plan
    /// its own time.
    fn report<'a>(
        &'a self,
        token: &'a TaskToken,
        outcome: &'a Outcome,
        slot: Option<Slot>,
        by: Instant,
    ) -> BoxFuture<'a, Answer>;

    /// Room for one report before `by`, kept until it is used or dropped; `None` = there is none.
    fn slot(&self, _by: Instant) -> BoxFuture<'_, Option<Slot>> {
        Box::pin(std::future::ready(Some(Slot::free())))
    }

    /// Says that the step is alive and asks whether it should go on.
    fn heartbeat<'a>(&'a self, _token: &'a TaskToken, _progress: &'a str) -> BoxFuture<'a, Beat> {
        Box::pin(std::future::ready(Beat::Unsupported))
    }

    /// Whether a closed task was closed with `outcome`, where the service keeps a history that
    /// says so; `None` = it does not say.
    fn closed_by<'a>(
        &'a self,
        _execution: &'a Execution,
        _outcome: &'a Outcome,
    ) -> BoxFuture<'a, Option<Ours>> {
        Box::pin(std::future::ready(None))
    }

    /// Opens a connection ahead, so that the first report is not slow. Never fails.
    fn warm(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// Room for one report in a client's limiter. Dropped unused, it is given back.
pub struct Slot(#[cfg_attr(not(feature = "fnf"), expect(dead_code))] Option<Box<dyn Any + Send + Sync>>);

impl Slot {
    /// Room where nothing limits.
    pub fn free() -> Self {
        Self(None)
    }
}

/// What a heartbeat learns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beat {
    /// The service has no heartbeat.
    Unsupported,
    /// Go on.
    Alive,
    /// The workflow asks for cancellation.
    CancelRequested,
    /// The task is closed.
    Closed,
    /// Nothing: throttled or without an answer. Missing one beat is not fatal.
    Skipped(String),
}

/// The services that a function reports to.
#[derive(Clone, Default)]
pub struct Services {
    fnf: Option<Arc<dyn Reporter>>,
    swf: Option<Arc<dyn Reporter>>,
}

impl Services {
    /// The clients that the settings and the environment allow to build: FnF where a region or an
    /// endpoint is set, SWF where there is an AWS region.
    pub async fn from_settings(settings: &Settings) -> Result<Self, Error> {
        #[cfg(feature = "swf")]
        return Self::over(&crate::aws::load().await, settings).await;
        #[cfg(not(feature = "swf"))]
        return Self::default().with_fnf_of(settings)?.checked(settings);
    }

    /// The same, over an AWS configuration that other clients share.
    #[cfg(feature = "swf")]
    pub(crate) async fn over(config: &aws_config::SdkConfig, settings: &Settings) -> Result<Self, Error> {
        let mut services = Self::default();
        #[cfg(feature = "fnf")]
        if settings.fnf.is_set() {
            services = services.with(Fnf::over(config, settings).await?);
        }
        if config.region().is_some() {
            services = services.with(Swf::new(crate::aws::swf(config, settings)));
        }
        services.checked(settings)
    }

    #[cfg(not(feature = "swf"))]
    fn with_fnf_of(self, settings: &Settings) -> Result<Self, Error> {
        match settings.fnf.is_set() {
            #[cfg(feature = "fnf")]
            true => Ok(self.with(Fnf::from_settings(&settings.fnf)?)),
            _ => Ok(self),
        }
    }

    /// That there is a client, and one of the service that the settings name.
    fn checked(self, settings: &Settings) -> Result<Self, Error> {
        match settings.reading.service {
            Some(service) if self.of(service).is_none() => {
                let needed = match service {
                    Service::Fnf => "the feature fnf",
                    Service::Swf => "the feature swf and AWS_REGION",
                };
                Err(Error::new(format!("TASKBACK_SERVICE is {service}, which needs {needed}")))
            }
            None if self.fnf.is_none() && self.swf.is_none() => Err(Error::new(
                "no service to report to: set FNF_REGION or FNF_ENDPOINT for FnF, AWS_REGION for SWF",
            )),
            _ => Ok(self),
        }
    }

    /// Clients of the local services at `url` (`taskback local`), with their keys.
    #[cfg(any(feature = "fnf", feature = "swf"))]
    pub fn local(url: &str) -> Result<Self, Error> {
        let services = Self::default();
        #[cfg(feature = "fnf")]
        let services = services.with(Fnf::local(url)?);
        #[cfg(feature = "swf")]
        let services = services.with(Swf::local(url));
        Ok(services)
    }

    /// Adds a client, in the place of one of the same service.
    pub fn with(mut self, reporter: impl Reporter) -> Self {
        let place = match reporter.service() {
            Service::Fnf => &mut self.fnf,
            Service::Swf => &mut self.swf,
        };
        *place = Some(Arc::new(reporter));
        self
    }

    /// The client of that service, where there is one.
    pub fn of(&self, service: Service) -> Option<&Arc<dyn Reporter>> {
        match service {
            Service::Fnf => self.fnf.as_ref(),
            Service::Swf => self.swf.as_ref(),
        }
    }
}
