//! The workflow services that wait for reports: one trait, one file each, one table.

#[cfg(feature = "aws-reports")]
mod answer;
mod connector;
#[cfg(feature = "durable")]
mod durable;
#[cfg(feature = "fnf")]
pub(crate) mod fnf;
/// The settings know FnF's configuration without its client too.
#[cfg(not(feature = "fnf"))]
pub(crate) mod fnf {
    pub(crate) mod config;
}
#[cfg(any(feature = "durable", feature = "sfn", feature = "swf"))]
mod history_page;
mod reporter;
#[cfg(any(feature = "sfn", feature = "swf"))]
mod response_capture;
#[cfg(feature = "sfn")]
mod sfn;
#[cfg(feature = "swf")]
mod swf;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use taskback_core::Service;

use crate::aws::Clients;
use crate::error::{Error, ErrorKind};
use connector::Connector;

#[cfg(feature = "durable")]
pub use durable::Durable;
#[cfg(feature = "fnf")]
pub use fnf::Fnf;
#[cfg(feature = "secrets")]
pub use fnf::FnfSecret;
#[cfg(all(feature = "fc", feature = "fnf"))]
pub(crate) use fnf::use_host_credentials;
pub use reporter::{ClosedByRequest, HeartbeatStatus, OutcomeWarning, Permit, ReportRequest, Reporter};
#[cfg(feature = "sfn")]
pub use sfn::Sfn;
#[cfg(feature = "swf")]
pub use swf::Swf;

/// The services whose clients are compiled in.
const CONNECTORS: &[Connector] = &[
    #[cfg(feature = "fnf")]
    fnf::CONNECTOR,
    #[cfg(feature = "swf")]
    swf::CONNECTOR,
    #[cfg(feature = "sfn")]
    sfn::CONNECTOR,
    #[cfg(feature = "durable")]
    durable::CONNECTOR,
];

/// The services that a function reports to.
///
/// ```
/// use taskback::{Service, Services};
///
/// let services = Services::local("http://127.0.0.1:4566")?;
/// assert!(services.get(Service::Swf).is_some());
/// # Ok::<(), taskback::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Services(BTreeMap<Service, Arc<dyn Reporter>>);

impl Services {
    /// Makes the clients for which there is a place: FnF where a region or an endpoint is set, SWF and Step Functions
    /// where there is an AWS region. It is an error if there is none, or none of `configured`, the service of the settings.
    pub async fn connect(clients: &Clients, configured: Option<Service>) -> Result<Self, Error> {
        let mut services = Self::default();
        for connector in CONNECTORS {
            services.0.extend((connector.connect)(clients).await?.map(entry));
        }
        services.checked(configured)
    }

    /// Checks that there is a client, and one of the `configured` service.
    fn checked(self, configured: Option<Service>) -> Result<Self, Error> {
        match configured {
            Some(service) if self.get(service).is_none() => {
                let needs = service.spec().needs;
                Err(Error::new(
                    ErrorKind::Settings,
                    format!("TASKBACK_SERVICE is {service}, which needs {needs}"),
                ))
            }
            None if self.0.is_empty() => {
                let settings = Service::ALL.map(|service| service.spec().settings).join(", ");
                Err(Error::new(ErrorKind::Settings, format!("no service to report to: set {settings}")))
            }
            _ => Ok(self),
        }
    }

    /// Clients of the local services at `url` (`taskback local`), with their keys.
    #[cfg(any(feature = "durable", feature = "fnf", feature = "sfn", feature = "swf"))]
    pub fn local(url: &str) -> Result<Self, Error> {
        let local = CONNECTORS.iter().map(|connector| (connector.local)(url).map(entry));
        local.collect::<Result<_, _>>().map(Self)
    }

    /// Adds a client, in the place of one of the same service.
    pub fn with(mut self, reporter: impl Reporter) -> Self {
        self.0.extend([entry(Arc::new(reporter))]);
        self
    }

    /// The client of that service, where there is one.
    pub fn get(&self, service: Service) -> Option<&Arc<dyn Reporter>> {
        self.0.get(&service)
    }

    /// The names of the services that there is a client of, such as `fnf, swf`.
    pub fn names(&self) -> String {
        self.0.keys().map(|service| service.name()).collect::<Vec<_>>().join(", ")
    }

    /// The client that will be used first, as far as it is known: that of the `configured` service, else the only one.
    pub(crate) fn first(&self, configured: Option<Service>) -> Option<&Arc<dyn Reporter>> {
        let only = || self.0.values().next().filter(|_| self.0.len() == 1);
        configured.and_then(|service| self.get(service)).or_else(only)
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

fn entry(reporter: Arc<dyn Reporter>) -> (Service, Arc<dyn Reporter>) {
    (reporter.service(), reporter)
}
