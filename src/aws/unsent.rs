use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::result::ConnectorError;
use taskback_core::printable;

use super::http::{NoResponse, Unreached};
use crate::environment;

/// The reason for which certainly nothing of a request was sent, with a text that holds nothing of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unsent {
    /// No connection was made.
    NoConnection(String),
    /// There are no credentials, or they are set up wrongly.
    NoCredentials(String),
    /// The source of the credentials did not answer, or failed.
    CredentialsLate(String),
}

/// The reason for which certainly nothing was sent; `None` where something may have been.
#[cfg_attr(
    not(any(feature = "dynamodb", feature = "sfn", feature = "sqs", feature = "swf")),
    allow(dead_code, reason = "only the SDKs' calls have its error")
)]
pub(crate) fn unsent(error: &ConnectorError) -> Option<Unsent> {
    if let Some(Unreached(reason)) = source(error) {
        return Some(Unsent::NoConnection(reason.clone()));
    }
    source(error).map(credentials_fault)
}

/// The reason for which a source of credentials has none.
pub(super) fn credentials_fault(error: &CredentialsError) -> Unsent {
    let reason = no_credentials(error);
    match error {
        CredentialsError::CredentialsNotLoaded(_) | CredentialsError::InvalidConfiguration(_) => {
            Unsent::NoCredentials(reason)
        }
        _ => Unsent::CredentialsLate(reason),
    }
}

/// The reason for which a request that was sent has no response.
#[cfg_attr(
    not(any(feature = "dynamodb", feature = "sfn", feature = "sqs", feature = "swf")),
    allow(dead_code, reason = "only the SDKs' calls have its error")
)]
pub(crate) fn no_response(error: &ConnectorError) -> String {
    match source(error) {
        Some(NoResponse(reason)) => reason.clone(),
        None if error.is_timeout() => "no response in time".to_owned(),
        None => "the connection broke".to_owned(),
    }
}

/// The reason for which there are no credentials. It names profiles and never a value of theirs.
fn no_credentials(error: &CredentialsError) -> String {
    let sources = sources(error);
    // The SDK has this reason as a text only; a test compares it.
    let missing =
        PROFILE_FEATURES.iter().find(|(feature, _)| sources.contains(&format!("enabled: {feature}.")));
    let reason = match (missing, error) {
        (Some((_, source)), _) => format!(
            "the AWS profile takes its credentials from {source}, which needs the feature `profiles`; the command \
             `taskback` has it, functions use a role or keys"
        ),
        // The SDK passes over a profile that does not exist, or whose source does not.
        (None, CredentialsError::CredentialsNotLoaded(_)) if environment::is_set("AWS_PROFILE") => {
            "no credentials were found: AWS_PROFILE names no profile with complete credentials".to_owned()
        }
        (None, CredentialsError::CredentialsNotLoaded(_)) => "no credentials were found".to_owned(),
        (None, CredentialsError::ProviderTimedOut(_)) => {
            "the source of credentials did not answer in time".to_owned()
        }
        (None, _) => format!("no usable credentials: {sources}"),
    };
    printable(&reason, 400)
}

/// Features of the SDK, and the profiles that need them.
const PROFILE_FEATURES: [(&str, &str); 3] = [
    ("sso", "IAM Identity Center (SSO)"),
    ("credentials-process", "credential_process"),
    ("credentials-login", "a console login"),
];

/// The texts of an error's sources. What a command of `credential_process` wrote to stderr is not shown.
fn sources(error: &CredentialsError) -> String {
    let mut texts = Vec::new();
    let mut next = error.source();
    while let Some(error) = next {
        let text = error.to_string();
        if !text.starts_with("an error occurred while loading") {
            texts.push(text.split(" Stderr:").next().unwrap_or_default().to_owned());
        }
        next = error.source();
    }
    texts.join(": ")
}

/// The error of one type among an error and its sources.
fn source<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

#[cfg(all(test, not(feature = "profiles")))]
mod tests {
    use super::*;

    /// Without the feature, as in a function.
    #[tokio::test]
    async fn profile_without_its_feature_is_named() {
        use aws_credential_types::provider::ProvideCredentials;

        let file = std::env::temp_dir().join(format!("taskback-profiles-{}", std::process::id()));
        for (lines, expected) in [
            ("credential_process = /bin/true", "credential_process"),
            ("login_session = arn:aws:iam::123456789012:user/u", "a console login"),
            (
                "sso_account_id = 123456789012\nsso_role_name = R\nsso_region = us-east-1\nsso_start_url = https://c.example",
                "IAM Identity Center (SSO)",
            ),
        ] {
            std::fs::write(&file, format!("[default]\n{lines}\n")).unwrap();
            let set = [("AWS_CONFIG_FILE".to_owned(), file.to_str().unwrap().to_owned())];
            let config = super::super::config::load_from(set.into()).await.sdk;
            let error = config.credentials_provider().unwrap().provide_credentials().await.unwrap_err();
            let expected = format!(
                "the AWS profile takes its credentials from {expected}, which needs the feature `profiles`"
            );
            assert!(no_credentials(&error).starts_with(&expected), "{}", no_credentials(&error));
        }
        std::fs::remove_file(file).unwrap();
    }
}
