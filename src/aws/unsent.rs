use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::result::ConnectorError;

use super::http::Unreached;

/// The reason for which certainly nothing of a request was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unsent {
    /// No connection was made.
    NoConnection,
    /// There are no credentials, or they are set up wrongly.
    NoCredentials,
    /// The source of the credentials did not answer.
    CredentialsLate,
}

/// The reason for which certainly nothing was sent; `None` where something may have been.
pub(crate) fn unsent(error: &ConnectorError) -> Option<Unsent> {
    let mut source: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = source {
        if error.is::<Unreached>() {
            return Some(Unsent::NoConnection);
        }
        match error.downcast_ref::<CredentialsError>() {
            Some(fault) => return Some(credentials_fault(fault)),
            None => source = error.source(),
        }
    }
    None
}

/// The reason for which a source of credentials has none.
pub(super) fn credentials_fault(error: &CredentialsError) -> Unsent {
    match error {
        CredentialsError::CredentialsNotLoaded(_) | CredentialsError::InvalidConfiguration(_) => {
            Unsent::NoCredentials
        }
        _ => Unsent::CredentialsLate,
    }
}
