//! Where the poller runs: in a scheduled function, or as a process.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::health::Health;
use super::host::Host;
use super::{on_own_thread, serve, signals};
use crate::aws::Refusal;
use crate::poller::{ROOM, SwfPoller, Tally};
use crate::settings::PollerSettings;
use crate::{Error, Handler, InvocationError, Shutdown};

/// Polls within a function that a schedule invokes, for as long as each invocation lasts: see
/// [`SwfPoller`]. Reads the [`PollerSettings`]; the event says nothing.
pub async fn run_swf_poller() -> Result<(), Error> {
    let read = || Ok((Host::find()?, PollerSettings::from_env()?));
    on_own_thread(read, |(host, settings)| async move {
        let poller = open(&settings).await.inspect_err(|error| tracing::error!(%error, "cannot start"))?;
        serve(Scheduled(Arc::new(poller)), host, settings.general.fc).await
    })
    .await
}

/// Polls until the process is asked to end (SIGTERM, SIGINT); then waits for the polls that are held,
/// up to 60 s, and for the tasks that they bring. An error says why it cannot start.
pub async fn poll(settings: PollerSettings, health: Option<SocketAddr>) -> Result<(), Error> {
    on_own_thread(
        || Ok(settings),
        move |settings| async move {
            let shutdown = Shutdown::default();
            signals::end(shutdown.clone())?;
            let health = Health::serve(health).await?;
            let poller = open(&settings).await?;
            health.ready();
            let seen = |turn: Result<(), &Refusal>| match turn {
                _ if shutdown.is_ending() => health.unready("ending"),
                Ok(()) => health.ready(),
                Err(refusal) => health.unready(&refusal.to_string()),
            };
            poller.watched(&shutdown, seen).await
        },
    )
    .await
}

async fn open(settings: &PollerSettings) -> Result<SwfPoller, Error> {
    let config = crate::aws::load().await;
    if config.region().is_none() {
        return Err(Error::new("the poller needs AWS_REGION"));
    }
    let (swf, sqs) =
        (crate::aws::swf(&config, &settings.general), crate::aws::sqs(&config, &settings.general));
    SwfPoller::open(settings, swf, sqs).await
}

impl SwfPoller {
    /// Polls until it is asked to end; then the polls that are held come to their end, and what they
    /// bring is queued. An error where the first polls are refused, and somebody has to mend something.
    pub async fn run(&self, shutdown: &Shutdown) -> Result<(), Error> {
        self.watched(shutdown, |_| {}).await
    }

    async fn watched(
        &self,
        shutdown: &Shutdown,
        seen: impl Fn(Result<(), &Refusal>) + Sync,
    ) -> Result<(), Error> {
        tracing::info!(runtime = "poller", version = env!("CARGO_PKG_VERSION"), "taskback polls");
        let tally = Tally::default();
        let polled = self.polls(&tally, shutdown, None, seen).await;
        tally.log();
        polled.map_err(|refusal| Error::new(format!("cannot poll: {refusal}")))
    }
}

#[derive(Clone)]
struct Scheduled(Arc<SwfPoller>);

impl Handler for Scheduled {
    async fn handle(
        &self,
        _event: &RawValue,
        remaining: Duration,
        _invocation: &str,
    ) -> Result<Value, InvocationError> {
        if remaining < ROOM {
            let least = ROOM.as_secs() + 5;
            return Err(InvocationError::NotPolled(format!(
                "a poll is held for 60 s: give the function a timeout of {least} s or more"
            )));
        }
        let (tally, end) = (Tally::default(), Instant::now() + remaining);
        match self.0.polls(&tally, &Shutdown::default(), Some(end), |_| {}).await {
            Ok(()) => Ok(tally.json()),
            Err(refusal) => Err(InvocationError::NotPolled(refusal.to_string())),
        }
    }
}
