//! The hosts of the poller: a scheduled function, or a process.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::value::RawValue;
use taskback_core::Service;
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::health::Health;
use super::launch::{log_start_failure, run_process};
use super::started::{self, Started};
use super::thread::on_own_thread;
use super::{measured, signals, table};
use crate::aws::Clients;
use crate::error::Error;
use crate::future::BoxFuture;
use crate::handler::Handler;
use crate::metrics::Role;
use crate::poller::config::PolledTasks;
use crate::poller::{self, MIN_TIME_FOR_POLL, Poller, Seen, Tally};
use crate::response::Response;
use crate::settings::PollerSettings;
use crate::shutdown::Shutdown;
use crate::trigger::InvocationError;

/// Polls within a function that a schedule invokes, for as long as each invocation lasts: see
/// [`Poller`]. Reads the [`PollerSettings`] and ignores the event.
///
/// ```no_run
/// # async fn example() -> Result<(), taskback::Error> {
/// taskback::run_poller().await?;
/// # Ok(()) }
/// ```
pub async fn run_poller() -> Result<(), Error> {
    on_own_thread(async {
        let read = || Ok::<_, Error>((table::find()?, PollerSettings::from_env()?));
        let (host, settings) = read().inspect_err(log_start_failure)?;
        let poller = connect(&settings).await.inspect_err(log_start_failure)?;
        log_start(host.name(), &settings);
        let metrics = poller.metrics().clone();
        let scheduled = Arc::new(Scheduled { poller, is_checked: OnceCell::new() });
        measured::serve(host, scheduled, metrics, &settings.general).await
    })
    .await
}

/// Polls until the process is asked to end (SIGTERM, SIGINT); then waits for the polls that the service holds and for their
/// tasks, up to [`Poller::SHUTDOWN_TIME`]. An error says why it cannot start.
///
/// ```no_run
/// # async fn example() -> Result<(), taskback::Error> {
/// use taskback::settings::PollerSettings;
///
/// taskback::poll(PollerSettings::from_env()?, None).await?;
/// # Ok(()) }
/// ```
pub async fn poll(settings: PollerSettings, health: Option<SocketAddr>) -> Result<(), Error> {
    run_process(async move {
        let shutdown = Shutdown::default();
        signals::end(shutdown.clone())?;
        let poller = connect(&settings).await?;
        let metrics = poller.metrics().clone();
        if health.is_some() {
            metrics.turn_on_for_page();
        }
        let page = move || metrics.page(Role::Poller);
        let health = Health::serve(health, Arc::new(page)).await?;
        poller.check().await?;
        log_start("poller", &settings);
        started::warn_of_unused_metrics(&settings.general);
        health.ready();
        let readiness = Readiness::default();
        let seen = |seen: Seen<'_>| match readiness.update(&seen) {
            _ if shutdown.is_ending() => health.unready("ending"),
            Some(reason) => health.unready(&reason),
            None => health.ready(),
        };
        poller::run(&poller, &shutdown, seen).await
    })
    .await
}

async fn connect(settings: &PollerSettings) -> Result<Poller, Error> {
    Poller::new(&settings.poller, &Clients::connect(&settings.general).await)
}

fn log_start(host: &str, settings: &PollerSettings) {
    let service = match settings.poller.tasks {
        PolledTasks::SwfTaskList { .. } => Service::Swf,
        PolledTasks::SfnActivity { .. } => Service::Sfn,
    };
    let queue = Some(&*settings.poller.queue_url);
    Started { host, services: Some(service.name().to_owned()), queue, ..Started::default() }
        .log(&settings.general);
}

/// The readiness of the poller, by the results of its polls.
#[derive(Default)]
struct Readiness {
    queue_fails: AtomicBool,
}

impl Readiness {
    /// The reason if the poller is not ready. Only another task can show that the queue takes messages again.
    fn update(&self, seen: &Seen<'_>) -> Option<String> {
        match seen {
            Seen::Queued => self.queue_fails.store(false, Ordering::Relaxed),
            Seen::NotQueued => self.queue_fails.store(true, Ordering::Relaxed),
            Seen::Polled | Seen::NotPolled(_) => {}
        }
        match seen {
            Seen::NotPolled(refusal) => Some(refusal.to_string()),
            _ if self.queue_fails.load(Ordering::Relaxed) => {
                Some("the last task may not be in the queue".into())
            }
            Seen::Polled | Seen::Queued | Seen::NotQueued => None,
        }
    }
}

/// A poller whose first invocation checks the queue before it polls: a task that is polled for a queue that does not
/// exist fails.
struct Scheduled {
    poller: Poller,
    is_checked: OnceCell<()>,
}

impl Scheduled {
    async fn poll(&self, remaining: Duration) -> Result<Response, InvocationError> {
        if remaining < MIN_TIME_FOR_POLL {
            let min = MIN_TIME_FOR_POLL.as_secs() + 5;
            return Err(InvocationError::NotPolled(format!(
                "a poll is held for 60 s: give the function a timeout of {min} s or more"
            )));
        }
        let (tally, end) = (Tally::default(), Instant::now() + remaining);
        let checked = self.is_checked.get_or_try_init(|| self.poller.check()).await;
        checked.map_err(|error| InvocationError::NotPolled(error.to_string()))?;
        match poller::run_pollers(&self.poller, &tally, &Shutdown::default(), Some(end), |_| {}).await {
            Ok(()) => Response::new(&tally.json()),
            Err(refusal) => Err(InvocationError::NotPolled(refusal.to_string())),
        }
    }
}

impl Handler for Scheduled {
    fn handle<'a>(
        &'a self,
        _event: &'a RawValue,
        remaining: Duration,
        _invocation: &'a str,
    ) -> BoxFuture<'a, Result<Response, InvocationError>> {
        Box::pin(self.poll(remaining))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::AwsError;

    #[test]
    fn unqueued_task_unsets_readiness_until_next_send() {
        let (readiness, refusal) = (Readiness::default(), AwsError::unsent("PollForActivityTask"));
        let is_ready = |seen: Seen<'_>| readiness.update(&seen).is_none();
        assert!(is_ready(Seen::Polled) && is_ready(Seen::Queued));
        assert!(!is_ready(Seen::NotPolled(&refusal)) && is_ready(Seen::Polled));
        assert!(!is_ready(Seen::NotQueued) && !is_ready(Seen::Polled));
        assert!(!is_ready(Seen::NotPolled(&refusal)) && !is_ready(Seen::Polled));
        assert!(is_ready(Seen::Queued) && is_ready(Seen::Polled));
    }
}
