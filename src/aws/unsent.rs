use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::result::ConnectorError;

use super::credentials;
use super::http::{NoResponse, Unreached};

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
pub(crate) fn unsent(error: &ConnectorError) -> Option<Unsent> {
    if let Some(Unreached(reason)) = source(error) {
        return Some(Unsent::NoConnection(reason.clone()));
    }
    let error: &CredentialsError = source(error)?;
    let reason = credentials::reason(error);
    Some(match error {
        CredentialsError::CredentialsNotLoaded(_) | CredentialsError::InvalidConfiguration(_) => {
            Unsent::NoCredentials(reason)
        }
        _ => Unsent::CredentialsLate(reason),
    })
}

/// The reason for which a request that was sent has no response.
pub(crate) fn no_response(error: &ConnectorError) -> String {
    match source(error) {
        Some(NoResponse(reason)) => reason.clone(),
        None if error.is_timeout() => "no response in time".to_owned(),
        None => "the connection broke".to_owned(),
    }
}

/// The error of one type among an error and its sources.
pub(super) fn source<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}
