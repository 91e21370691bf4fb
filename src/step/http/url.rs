//! The URL of a step.

use std::fmt;

use ::http::uri::{Authority, PathAndQuery, Scheme};
use ::http::{HeaderValue, Uri};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use taskback_http::is_loopback;

/// The endpoint of a step.
///
/// ```
/// use taskback::StepUrl;
///
/// assert!(StepUrl::parse("https://steps.example/verify", None).is_ok());
/// assert!(StepUrl::parse("http://steps.example/verify", None).is_err(), "plain HTTP to another machine");
/// assert!(StepUrl::parse("http://steps.example/verify", Some("steps.example")).is_ok());
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct StepUrl {
    /// Without the name and password.
    pub(crate) uri: Uri,
    /// The name and password as a header.
    pub(crate) authorization: Option<HeaderValue>,
    host: String,
}

impl StepUrl {
    /// Parses `https://…`; plain HTTP goes to loopback, or to the host `allowed`. A name and password in the
    /// URL are sent as basic authorization.
    pub fn parse(text: &str, allowed: Option<&str>) -> Result<Self, String> {
        let wrong = "is no URL with a scheme, a host and perhaps a port, path and query";
        let uri: Uri = text.trim().parse().map_err(|_| wrong)?;
        let authority = uri.authority().ok_or(wrong)?.as_str();
        let (user, place) = match authority.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, authority),
        };
        let place: Authority = place.parse().map_err(|_| wrong)?;
        let host = place.host().to_owned();
        // An invalid port would be ignored.
        let portless = place.as_str() == host;
        if host.is_empty() || (!portless && place.port_u16().is_none()) {
            return Err(wrong.into());
        }
        let plain = match uri.scheme_str() {
            Some("http") => true,
            Some("https") => false,
            _ => return Err(wrong.into()),
        };
        if plain && !is_loopback(&host) && !allowed.is_some_and(|allowed| allowed.eq_ignore_ascii_case(&host))
        {
            return Err(format!(
                "is plain HTTP, which goes to loopback and to the host of TASKBACK_STEP_ALLOW_HTTP_HOST only, not to \
                 {host:?}"
            ));
        }
        let path = uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
        let scheme = if plain { Scheme::HTTP } else { Scheme::HTTPS };
        let bare = Uri::builder().scheme(scheme).authority(place).path_and_query(path).build();
        Ok(Self { uri: bare.map_err(|_| wrong)?, authorization: user.map(basic), host })
    }

    /// Returns whether it is plain HTTP, without TLS.
    pub(crate) fn is_plain(&self) -> bool {
        self.uri.scheme() == Some(&Scheme::HTTP)
    }

    /// The host, where plain HTTP leaves the machine.
    pub(crate) fn exposed(&self) -> Option<&str> {
        (self.is_plain() && !is_loopback(&self.host)).then_some(&self.host)
    }
}

/// The host: all else may hold secrets.
impl fmt::Debug for StepUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StepUrl({:?})", self.host)
    }
}

fn basic(user: &str) -> HeaderValue {
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let text = [percent_decode_str(name).collect(), b":".to_vec(), percent_decode_str(password).collect()];
    let header = format!("Basic {}", STANDARD.encode(text.concat()));
    let mut header = HeaderValue::try_from(header).unwrap_or_else(|_| HeaderValue::from_static(""));
    header.set_sensitive(true);
    header
}
