use std::collections::HashMap;
use std::fmt;

use crate::redact::Place;

/// The URLs of `AWS_ENDPOINT_URL…`, by the variable's name.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Endpoints(pub(crate) HashMap<String, String>);

impl Endpoints {
    /// The endpoint of one service, such as `SWF`: `AWS_ENDPOINT_URL_{service}`.
    #[cfg(any(test, feature = "aws-reports", feature = "dynamodb", feature = "secrets", feature = "sqs"))]
    pub(crate) fn get(&self, service: &str) -> Option<&str> {
        self.0.get(&format!("AWS_ENDPOINT_URL_{service}")).map(String::as_str)
    }
}

/// Shows each URL's scheme, host and port only: a URL may hold a password.
impl fmt::Debug for Endpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(name, url)| (name, Place(url)))).finish()
    }
}
