//! The environment of a function whose outcomes go to local services.

use std::ffi::OsString;

use crate::environment;

/// The keys of the local services.
pub(crate) struct Keys {
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// Those of `taskback local`, which are no secret.
impl Default for Keys {
    fn default() -> Self {
        Self { id: "taskback-local".to_owned(), secret: DEFAULT_SECRET.to_owned() }
    }
}

pub(crate) const DEFAULT_SECRET: &str = "taskback-local-secret";

/// The variables by which a function's outcomes reach the local services and nothing else: no key of this machine, and
/// no table or queue of an account.
pub(crate) fn function_vars(Keys { id, secret }: &Keys, url: &str) -> Vec<(OsString, OsString)> {
    let mut vars = vec![
        ("FNF_ENDPOINT", url),
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", id),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", secret),
        ("ALIBABA_CLOUD_SECURITY_TOKEN", ""),
        ("FNF_SECRET_ID", ""),
        ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", ""),
        ("AWS_ENDPOINT_URL", url),
        ("AWS_ENDPOINT_URL_SWF", url),
        ("AWS_ENDPOINT_URL_SQS", url),
        ("AWS_ACCESS_KEY_ID", id),
        ("AWS_SECRET_ACCESS_KEY", secret),
        ("AWS_SESSION_TOKEN", ""),
        ("AWS_PROFILE", ""),
        ("AWS_REGION", "us-east-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("TASKBACK_LEDGER", "memory"),
    ];
    if !environment::is_set("TASKBACK_SERVICE") {
        vars.push(("TASKBACK_SERVICE", "fnf"));
    }
    // The endpoint of one service comes before that of all, which is set below.
    let endpoints = environment::vars_with_prefix(&["AWS_ENDPOINT_URL_"]);
    let cleared = endpoints.map(|(name, _)| (name, OsString::new()));
    cleared.chain(vars.into_iter().map(|(name, value)| (name.into(), value.into()))).collect()
}
