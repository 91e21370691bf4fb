use std::fmt;
use std::net::IpAddr;

use http::Uri;

use crate::{Error, ErrorKind};

/// Where the service is: a scheme, a host and perhaps a port.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    text: String,
    tls: bool,
}

impl Endpoint {
    /// `{region}.fnf.aliyuncs.com`, or `{region}-internal.fnf.aliyuncs.com` inside a VPC.
    pub(crate) fn of_region(region: &str, internal: bool) -> Result<Self, Error> {
        let plain = region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let edges = region.starts_with('-') || region.ends_with('-');
        if !plain || edges || !(1..=48).contains(&region.len()) {
            return Err(settings("region must be 1 to 48 characters of a-z, 0-9 and inner hyphens"));
        }
        let zone = if internal { "-internal" } else { "" };
        Ok(Self { text: format!("https://{region}{zone}.fnf.aliyuncs.com"), tls: true })
    }

    /// `https://host[:port]`, or the host alone. Plain HTTP only to loopback or to `allowed`.
    pub(crate) fn given(text: &str, allowed: Option<&str>) -> Result<Self, Error> {
        let text = text.trim();
        let whole = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let uri: Uri = whole.parse().map_err(|_| settings("endpoint is not a URL"))?;
        let authority = uri.authority().ok_or_else(|| settings("endpoint has no host"))?;
        let host = uri.host().unwrap_or_default();
        // A name and password would be printed with the endpoint.
        if host.is_empty() || authority.as_str().contains('@') || !matches!(uri.path(), "" | "/") {
            return Err(settings("endpoint must be a scheme, a host and perhaps a port"));
        }
        if uri.query().is_some() {
            return Err(settings("endpoint must have no query"));
        }
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") if is_loopback(host) => false,
            Some("http") if allowed.is_some_and(|allowed| allowed.eq_ignore_ascii_case(host)) => false,
            Some("http") => {
                let why =
                    "endpoint is plain HTTP: allowed on loopback and for the host of allow_http_host only";
                return Err(settings(why));
            }
            _ => return Err(settings("endpoint must be https")),
        };
        Ok(Self { text: format!("{}://{authority}", if tls { "https" } else { "http" }), tls })
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.tls
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn settings(message: &str) -> Error {
    Error::new(ErrorKind::Settings, message)
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(text: &str) -> Result<String, Error> {
        Endpoint::given(text, Some("fnf.test")).map(|endpoint| endpoint.to_string())
    }

    #[test]
    fn a_region_names_its_public_or_its_internal_host() {
        let host = |internal| Endpoint::of_region("cn-hangzhou", internal).unwrap().to_string();
        assert_eq!(host(false), "https://cn-hangzhou.fnf.aliyuncs.com");
        assert_eq!(host(true), "https://cn-hangzhou-internal.fnf.aliyuncs.com");
        for bad in ["", "evil.com/", "a.b", "A", "-a", "a-", "a b", &"a".repeat(49)] {
            assert!(Endpoint::of_region(bad, false).is_err(), "{bad}");
        }
    }

    #[test]
    fn plain_http_is_for_loopback_and_the_one_allowed_host() {
        for good in ["http://127.0.0.1:1", "http://127.9.9.9", "http://[::1]:8080", "http://localhost:1"] {
            assert_eq!(given(good).unwrap(), good);
        }
        assert_eq!(given("http://FNF.test:80/").unwrap(), "http://FNF.test:80");
        for bad in ["http://fnf.test.evil", "http://10.0.0.1", "http://127.0.0.1.evil", "http://x"] {
            let error = given(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Settings);
            assert!(error.to_string().contains("allow_http_host"), "{error}");
        }
    }

    #[test]
    fn only_scheme_host_and_port_are_taken() {
        assert_eq!(given(" cn-beijing.fnf.aliyuncs.com ").unwrap(), "https://cn-beijing.fnf.aliyuncs.com");
        for bad in ["", "https://", "ftp://a", "https://a/path", "https://a?q=1", "https://u:pw@a", "a b"] {
            let error = given(bad).unwrap_err().to_string();
            assert!(!error.contains("pw"), "{error}");
        }
    }
}
