use std::error::Error;
use std::fmt;
use std::io;

use rustls::CertificateError;

type BoxError = Box<dyn Error + Send + Sync>;

/// A request without a response. The texts name the host and the proxy, and contain nothing else of the request.
#[derive(Debug)]
pub enum Failure {
    /// The request was certainly not sent.
    NotSent(String),
    /// The request may have been received. The status, if a response began.
    NoResponse(String, Option<u16>),
}

/// Shows the reason only.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::NotSent(reason) | Self::NoResponse(reason, _)) = self;
        f.write_str(reason)
    }
}

/// An error and its sources in one line; of what operators can act on, the cause alone.
pub(crate) fn describe(error: &(dyn Error + 'static)) -> String {
    let mut text = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(cause) = cause(error) {
            return cause;
        }
        let separator = if text.is_empty() { "" } else { ": " };
        text.push_str(separator);
        text.push_str(&error.to_string());
        next = error.source();
    }
    text
}

const BROKEN: &str = "the connection broke";

/// The text of an error that is the cause of all above it.
fn cause(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(unknown) = error.downcast_ref::<UnknownHost>() {
        return Some(unknown.to_string());
    }
    if let Some(error) = error.downcast_ref::<ProxyError>() {
        return Some(error.to_string());
    }
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return Some(tls(error));
    }
    if error.downcast_ref().is_some_and(hyper::Error::is_incomplete_message) {
        return Some(BROKEN.to_owned());
    }
    let error = error.downcast_ref::<io::Error>()?;
    match (error.kind(), error.get_ref()) {
        (io::ErrorKind::ConnectionRefused, _) => Some("connection refused".to_owned()),
        (io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe, _) => Some(BROKEN.to_owned()),
        (io::ErrorKind::TimedOut, _) => Some("no connection in time".to_owned()),
        // An io::Error hides the error inside of it from its own sources.
        (_, Some(inner)) => cause(inner),
        _ => None,
    }
}

fn tls(error: &rustls::Error) -> String {
    let fix = match error {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "; AWS_CA_BUNDLE or SSL_CERT_FILE can name a file with its authority"
        }
        _ => "",
    };
    format!("TLS: {error}{fix}")
}

/// A host name that cannot be resolved.
#[derive(Debug)]
pub(crate) struct UnknownHost(pub(crate) io::Error);

impl fmt::Display for UnknownHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the name cannot be resolved: {}", self.0)
    }
}

impl Error for UnknownHost {}

/// A tunnel that was not made.
#[derive(Debug)]
pub(crate) struct ProxyError(pub(crate) BoxError);

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.source().and_then(|source| source.downcast_ref()) {
            Some(ProxyUnreachable(error)) => {
                write!(f, "the proxy cannot be reached: {}", describe(&**error))
            }
            None => write!(f, "the proxy refused the connection: {}", self.0),
        }
    }
}

impl Error for ProxyError {}

/// A proxy to which there is no connection.
#[derive(Debug)]
pub(crate) struct ProxyUnreachable(pub(crate) BoxError);

impl fmt::Display for ProxyUnreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for ProxyUnreachable {}
