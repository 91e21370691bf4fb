use std::env;
use std::fmt;

use crate::proxy::Proxies;
use crate::roots::Bundle;

/// The proxies and root certificates that the environment names. Every [`HttpClient`](crate::HttpClient) uses them.
///
/// - `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, and the same names in lower case, which come first, as curl
///   has them. A proxy is `http://` or `https://` and may hold a user and a password. Every request goes through a tunnel
///   (CONNECT), so that a proxy sees no request, and loopback, link-local and metadata addresses and the Lambda Runtime
///   API are never reached through one. Under `REQUEST_METHOD` (CGI) the variable `HTTP_PROXY` is a request's header, and
///   not read.
/// - `AWS_CA_BUNDLE`, or else `SSL_CERT_FILE`: a file of certificates in PEM that replaces the machine's roots.
#[derive(Clone, Debug, Default)]
pub struct Network {
    pub(crate) proxies: Proxies,
    pub(crate) roots: Option<Bundle>,
}

impl Network {
    /// The variables that are read, each also in lower case where it names a proxy.
    pub const VARIABLES: [&str; 6] =
        ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "AWS_CA_BUNDLE", "SSL_CERT_FILE"];

    /// Reads this process's environment. An empty variable counts as unset.
    pub fn from_env() -> Result<Self, NetworkError> {
        Self::from_vars(|name| env::var(name).ok())
    }

    /// Reads the given variables. An empty one counts as unset. The files of certificates are read now.
    pub fn from_vars(var: impl Fn(&str) -> Option<String>) -> Result<Self, NetworkError> {
        let var = |name: &str| var(name).filter(|value| !value.is_empty());
        match (Proxies::from_vars(&var), Bundle::from_vars(&var)) {
            (Ok(proxies), Ok(roots)) => Ok(Self { proxies, roots }),
            (proxies, roots) => {
                let errors = proxies.err().unwrap_or_default().into_iter().chain(roots.err());
                Err(NetworkError(errors.collect()))
            }
        }
    }
}

/// Everything that is wrong with the variables, without their values: a proxy's URL may hold a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkError(pub Vec<String>);

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}

impl std::error::Error for NetworkError {}
