use std::ffi::OsString;

use super::error::SettingsError;
use super::general::Settings;
use super::poller;
use super::read::Reader;
use crate::environment;
use crate::poller::config::PollerConfig;

/// The settings of the poller. An empty variable counts as unset.
#[derive(Clone, Debug, PartialEq)]
pub struct PollerSettings {
    /// The settings that only the poller reads.
    pub poller: PollerConfig,
    /// The settings that every program of taskback reads.
    pub general: Settings,
}

impl PollerSettings {
    /// Reads the settings of this process's environment.
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::from_os_vars(environment::vars())
    }

    /// Reads the settings of the given variables; of two with one name the later counts.
    pub fn from_vars(vars: impl IntoIterator<Item = (String, String)>) -> Result<Self, SettingsError> {
        Self::from_os_vars(vars.into_iter().map(|(name, value)| (name.into(), value.into())))
    }

    /// As [`from_vars`](Self::from_vars), for variables as the system has them: a setting whose value is not
    /// UTF-8 is an error.
    pub fn from_os_vars(vars: impl IntoIterator<Item = (OsString, OsString)>) -> Result<Self, SettingsError> {
        let vars: Vec<_> = vars.into_iter().collect();
        let general = Settings::from_os_vars(vars.iter().cloned());
        let mut reader = Reader::new(vars);
        let poller = poller::read(&mut reader);
        match general {
            Ok(general) => reader.finish(Self { poller, general }),
            Err(SettingsError(errors)) => {
                errors.iter().for_each(|error| reader.error(error));
                reader.finish(()).and(Err(SettingsError(errors)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::poller::config::PolledTasks;

    fn settings(vars: &[(&str, &str)]) -> Result<PollerSettings, SettingsError> {
        PollerSettings::from_vars(vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn all_errors_are_listed_at_once() {
        let error = settings(&[
            ("TASKBACK_SWF_DOMAIN", &"d".repeat(257)),
            ("TASKBACK_QUEUE_URL", "tasks"),
            ("TASKBACK_POLLERS", "0"),
            ("TASKBACK_CONCURRENCY", "none"),
        ]);
        assert_eq!(
            error.unwrap_err().0,
            [
                "TASKBACK_CONCURRENCY: invalid value \"none\", expected a whole number from 1 to 1000",
                "TASKBACK_POLLERS: invalid value \"0\", expected a whole number from 1 to 100",
                "TASKBACK_QUEUE_URL: invalid value \"tasks\", expected the URL of a queue, such as https://sqs.eu-central-1.amazonaws.com/123456789012/tasks",
                "TASKBACK_SWF_DOMAIN has 257 characters, at most 256",
                "TASKBACK_SWF_TASK_LIST must be set",
            ]
        );
    }

    #[test]
    fn three_settings_are_sufficient() {
        let settings = settings(&[
            ("TASKBACK_SWF_DOMAIN", "orders"),
            ("TASKBACK_SWF_TASK_LIST", "cards"),
            ("TASKBACK_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/123456789012/tasks"),
        ]);
        let poller = settings.unwrap().poller;
        assert_eq!((poller.pollers, poller.heartbeat), (2, None));
        assert_eq!(poller.tasks, PolledTasks::swf("orders", "cards"));
    }

    #[test]
    fn activity_takes_the_place_of_a_task_list() {
        let queue = ("TASKBACK_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/123456789012/tasks");
        let arn = "arn:aws:states:us-east-1:123456789012:activity:cards";
        let activity = ("TASKBACK_ACTIVITY_ARN", arn);
        let poller =
            settings(&[queue, activity, ("TASKBACK_ACTIVITY_HEARTBEAT_TIMEOUT", "45")]).unwrap().poller;
        assert_eq!(poller.tasks, PolledTasks::activity(arn));
        assert_eq!(poller.heartbeat, Some(std::time::Duration::from_secs(45)));
        let both = settings(&[queue, activity, ("TASKBACK_SWF_TASK_LIST", "cards")]).unwrap_err().0;
        assert_eq!(
            both,
            ["TASKBACK_SWF_TASK_LIST and TASKBACK_ACTIVITY_ARN are both set, and a poller polls one of them"]
        );
        let neither = settings(&[queue]).unwrap_err().0;
        assert_eq!(
            neither,
            ["TASKBACK_SWF_DOMAIN and TASKBACK_SWF_TASK_LIST, or TASKBACK_ACTIVITY_ARN, must be set"]
        );
        let other = settings(&[queue, ("TASKBACK_ACTIVITY_ARN", "cards")]).unwrap_err().0;
        assert_eq!(
            other,
            [
                "TASKBACK_ACTIVITY_ARN: invalid value \"cards\", expected the ARN of an activity, arn:…:activity:NAME, of at most 256 characters"
            ]
        );
        for wrong in [
            "arn:aws:states:us-east-1:123456789012:activity:",
            "arn:aws:lambda:us-east-1:123456789012:activity:cards",
            "arn:aws:states:us-east-1:123456789012:stateMachine:activity:cards",
        ] {
            assert!(settings(&[queue, ("TASKBACK_ACTIVITY_ARN", wrong)]).is_err(), "{wrong}");
        }
    }
}
