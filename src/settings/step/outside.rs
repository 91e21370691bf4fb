use std::fmt;
use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderValue, Uri};
use percent_encoding::percent_decode_str;

/// A program and its arguments, run as they are: there is no shell between.
#[derive(Clone, PartialEq, Eq)]
pub struct CommandLine {
    pub(crate) program: String,
    pub(crate) arguments: Vec<String>,
}

impl CommandLine {
    /// Words between white space, `python3 step.py`; or, where a word itself has white space or quotes,
    /// a JSON array of them, `["/bin/sh", "-c", "sort | head -n 1"]`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let words: Vec<String> = if text.starts_with('[') {
            // The error's own text may show an argument.
            serde_json::from_str(text).map_err(|_| "is a command whose JSON is no array of texts")?
        } else if text.contains(['"', '\'', '\\']) {
            return Err(
                "is a command with quotes, which nobody takes off: write a JSON array of its words".into()
            );
        } else {
            text.split_whitespace().map(str::to_owned).collect()
        };
        if words.iter().any(|word| word.contains('\0')) {
            return Err("is a command with a NUL character".into());
        }
        let mut words = words.into_iter();
        match words.next() {
            Some(program) if !program.is_empty() => Ok(Self { program, arguments: words.collect() }),
            _ => Err("is a command without a program".into()),
        }
    }
}

/// The program's name: arguments may hold secrets.
impl fmt::Debug for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CommandLine({:?} and {} arguments)", self.program, self.arguments.len())
    }
}

/// Where a step is asked by HTTP.
#[derive(Clone, PartialEq, Eq)]
pub struct StepUrl {
    /// Without the name and password.
    pub(crate) uri: Uri,
    /// They, as the header that carries them.
    pub(crate) authorization: Option<HeaderValue>,
    host: String,
}

impl StepUrl {
    /// `https://…`; plain HTTP goes to loopback, or to the host `allowed`. A name and password in the
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
        // A port that is none would be passed over.
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

    /// Whether nothing protects what is sent.
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

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
