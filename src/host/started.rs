//! The first lines of a process's log.

#[cfg(feature = "sqs")]
use crate::metrics::MetricsFormat;
use crate::settings::Settings;
use crate::step::{Routes, StepConfig};
use crate::taskback::Taskback;

/// The fields of the first line. They hold no secret: of a step neither arguments nor anything of a URL but its host, of
/// a queue its name.
#[derive(Default)]
pub(super) struct Started<'a> {
    pub(super) host: &'a str,
    pub(super) services: Option<String>,
    pub(super) ledger: Option<String>,
    pub(super) step: Option<String>,
    pub(super) queue: Option<&'a str>,
}

impl<'a> Started<'a> {
    pub(super) fn with_step(host: &'a str, taskback: &Taskback, settings: &Settings, step: String) -> Self {
        let (services, ledger) = (Some(taskback.services()), Some(settings.ledger.to_string()));
        Self { host, services, ledger, step: Some(step), queue: None }
    }

    /// Logs the line, and then the names that look like settings and are not.
    pub(super) fn log(self, settings: &Settings) {
        let Self { host, services, ledger, step, queue } = self;
        tracing::info!(
            event = "process.started",
            runtime = host,
            version = env!("CARGO_PKG_VERSION"),
            services,
            ledger,
            step,
            queue = queue.map(queue_name),
            "taskback starts"
        );
        for name in settings.unknown_names() {
            tracing::warn!(event = "settings.unknown_name", name, "unknown setting, ignored");
        }
    }
}

/// Warns if a worker has no last delivery: without one, a step that always fails is never reported.
pub(super) fn warn_of_no_last_delivery(settings: &Settings) {
    if settings.max_receives.is_none() {
        tracing::warn!(
            event = "settings.no_max_receives",
            "TASKBACK_MAX_RECEIVES is not set: retryable errors are never reported, set it to the queue's \
             maxReceiveCount"
        );
    }
}

/// Warns if a worker takes another delivery for the last than the queue: its report would come too early, or never.
#[cfg(feature = "sqs")]
pub(super) fn warn_of_other_last_delivery(settings: &Settings, queue: Option<u32>) {
    if let (Some(setting), Some(queue)) = (settings.max_receives, queue)
        && setting != queue
    {
        tracing::warn!(
            event = "settings.max_receives_differ",
            setting,
            queue,
            "TASKBACK_MAX_RECEIVES is not the queue's maxReceiveCount: set it to that number"
        );
    }
}

/// Warns if the settings ask a process for the lines of a function.
#[cfg(feature = "sqs")]
pub(super) fn warn_of_unused_metrics(settings: &Settings) {
    if settings.metrics != MetricsFormat::Off {
        tracing::warn!(
            event = "settings.metrics_unused",
            "TASKBACK_METRICS is for functions: a process has its metrics at /metrics of its health port"
        );
    }
}

/// The kind of a step, with its program or host.
pub(super) fn step_name(choice: &StepConfig) -> String {
    match choice {
        StepConfig::VerifyCard => "verify-card".to_owned(),
        #[cfg(feature = "external-steps")]
        StepConfig::Command(line) => format!("command {}", line.program),
        #[cfg(feature = "external-steps")]
        StepConfig::Handler(line) => format!("handler {}", line.program),
        #[cfg(feature = "external-steps")]
        StepConfig::Http(url) => {
            let scheme = if url.is_plain() { "http" } else { "https" };
            format!("{scheme} {}", url.uri.host().unwrap_or_default())
        }
        StepConfig::Routes(Routes { on, .. }) => {
            let steps: Vec<_> =
                on.iter().map(|(kind, step)| format!("{kind}: {}", step_name(step))).collect();
            steps.join(", ")
        }
    }
}

/// The last part of a queue's URL: the rest may hold a name and a password.
fn queue_name(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    path.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "external-steps")]
    #[test]
    fn step_names_omit_arguments_and_urls() {
        for (text, expected) in [
            ("verify-card", "verify-card"),
            ("command:./pay --key secret", "command ./pay"),
            (r#"command:["/bin/sh", "-c", "secret"]"#, "command /bin/sh"),
            ("handler:python3 -m secret", "handler python3"),
            ("https://user:secret@steps.test:8443/secret?secret", "https steps.test"),
            (
                r#"{"by":"/kind","on":{"a":"command:cat secret","b":"http://localhost:1/secret"}}"#,
                "a: command cat, b: http localhost",
            ),
        ] {
            let settings = Settings::from_vars([("TASKBACK_STEP".to_owned(), text.to_owned())]).unwrap();
            assert_eq!(step_name(&settings.step.unwrap()), expected);
        }
    }

    #[test]
    fn queue_name_is_last_url_part() {
        for url in
            ["https://sqs.eu-central-1.amazonaws.com/1/tasks", "http://u:secret@h/1/tasks/?secret", "tasks"]
        {
            assert_eq!(queue_name(url), "tasks");
        }
    }
}
