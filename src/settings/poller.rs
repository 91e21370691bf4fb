use std::time::Duration;

use super::read::Reader;
use super::{Settings, SettingsError};

/// The settings of the SWF poller. An empty variable counts as unset.
#[derive(Clone, Debug, PartialEq)]
pub struct PollerSettings {
    /// `TASKBACK_SWF_DOMAIN`, 1 to 256 characters.
    pub domain: String,
    /// `TASKBACK_SWF_TASK_LIST`, 1 to 256 characters.
    pub task_list: String,
    /// `TASKBACK_QUEUE_URL`: the workers' queue.
    pub queue_url: String,
    /// `TASKBACK_POLLERS`: polls at once, 1 to 100; default 2.
    pub pollers: usize,
    /// `TASKBACK_SWF_HEARTBEAT_TIMEOUT`: the activities' heartbeat timeout, 1 to 86400 s, for the
    /// workers to keep to; a poll does not tell it.
    pub heartbeat: Option<Duration>,
    /// What every program of taskback reads.
    pub general: Settings,
}

impl PollerSettings {
    /// The settings of this process's environment.
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::from_vars(super::env())
    }

    /// The settings of the given variables.
    pub fn from_vars(vars: impl IntoIterator<Item = (String, String)>) -> Result<Self, SettingsError> {
        let vars: Vec<_> = vars.into_iter().collect();
        let general = Settings::from_vars(vars.iter().cloned());
        let mut read = Reader::new(vars);
        let domain = read.needed("TASKBACK_SWF_DOMAIN", 256);
        let task_list = read.needed("TASKBACK_SWF_TASK_LIST", 256);
        let queue_url = read.needed("TASKBACK_QUEUE_URL", 2048);
        if !queue_url.is_empty() && !queue_url.starts_with("http") {
            read.fault("TASKBACK_QUEUE_URL must start with http:// or https://");
        }
        let pollers = read.number("TASKBACK_POLLERS", 1, 100).unwrap_or(2) as usize;
        let heartbeat = read.number("TASKBACK_SWF_HEARTBEAT_TIMEOUT", 1, 86400);
        let heartbeat = heartbeat.map(|seconds| Duration::from_secs(seconds.into()));
        match general {
            Ok(general) => read.finish(Self { domain, task_list, queue_url, pollers, heartbeat, general }),
            Err(SettingsError(faults)) => {
                faults.iter().for_each(|fault| read.fault(fault));
                read.finish(()).and(Err(SettingsError(faults)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(vars: &[(&str, &str)]) -> Result<PollerSettings, SettingsError> {
        PollerSettings::from_vars(vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn every_fault_of_both_kinds_is_named_at_once() {
        let error = settings(&[
            ("TASKBACK_SWF_DOMAIN", &"d".repeat(257)),
            ("TASKBACK_QUEUE_URL", "tasks"),
            ("TASKBACK_POLLERS", "0"),
            ("TASKBACK_CONCURRENCY", "none"),
        ]);
        assert_eq!(
            error.unwrap_err().0,
            [
                "TASKBACK_CONCURRENCY is \"none\", and may be a whole number from 1 to 1000",
                "TASKBACK_POLLERS is \"0\", and may be a whole number from 1 to 100",
                "TASKBACK_QUEUE_URL must start with http:// or https://",
                "TASKBACK_SWF_DOMAIN has 257 characters, at most 256",
                "TASKBACK_SWF_TASK_LIST must be set",
            ]
        );
    }

    #[test]
    fn three_names_are_enough() {
        let settings = settings(&[
            ("TASKBACK_SWF_DOMAIN", "orders"),
            ("TASKBACK_SWF_TASK_LIST", "cards"),
            ("TASKBACK_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/123456789012/tasks"),
        ]);
        let settings = settings.unwrap();
        assert_eq!((settings.pollers, settings.heartbeat), (2, None));
    }
}
