use std::fmt;

use http::Uri;
use taskback_http::is_loopback;

use crate::error::{Error, ErrorKind};

/// The address of the service: scheme, host and optional port.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    text: String,
    tls: bool,
}

impl Endpoint {
    /// Returns `{region}.fnf.aliyuncs.com`, or `{region}-internal.fnf.aliyuncs.com` inside a VPC.
    pub(crate) fn from_region(region: &str, internal: bool) -> Result<Self, Error> {
        let plain = region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let edges = region.starts_with('-') || region.ends_with('-');
        if !plain || edges || !(1..=48).contains(&region.len()) {
            return Err(settings_error("region: expected 1 to 48 characters of a-z, 0-9 and inner hyphens"));
        }
        let zone = if internal { "-internal" } else { "" };
        Ok(Self { text: format!("https://{region}{zone}.fnf.aliyuncs.com"), tls: true })
    }

    /// Parses `https://host[:port]`, or the host alone. Plain HTTP is accepted only for loopback and `allowed`.
    pub(crate) fn parse(text: &str, allowed: Option<&str>) -> Result<Self, Error> {
        let text = text.trim();
        let url = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let uri: Uri =
            url.parse().map_err(|_| settings_error("endpoint: not a URL, expected https://HOST[:PORT]"))?;
        let authority = uri
            .authority()
            .ok_or_else(|| settings_error("endpoint: no host, expected https://HOST[:PORT]"))?;
        let host = uri.host().unwrap_or_default();
        // A user name and password would be printed with the endpoint.
        if host.is_empty() || authority.as_str().contains('@') || !matches!(uri.path(), "" | "/") {
            return Err(settings_error(
                "endpoint: expected https://HOST[:PORT], without user, path or query",
            ));
        }
        if uri.query().is_some() {
            return Err(settings_error("endpoint: expected https://HOST[:PORT], without a query"));
        }
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") if is_loopback(host) => false,
            Some("http") if allowed.is_some_and(|allowed| allowed.eq_ignore_ascii_case(host)) => false,
            Some("http") => {
                return Err(settings_error(
                    "endpoint: plain HTTP, expected https:// unless the host is loopback or allow_http_host",
                ));
            }
            _ => return Err(settings_error("endpoint: invalid scheme, expected https://")),
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

fn settings_error(message: &str) -> Error {
    Error::new(ErrorKind::Settings, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<String, Error> {
        Endpoint::parse(text, Some("fnf.test")).map(|endpoint| endpoint.to_string())
    }

    #[test]
    fn region_gives_public_or_internal_host() {
        let host = |internal| Endpoint::from_region("cn-hangzhou", internal).unwrap().to_string();
        assert_eq!(host(false), "https://cn-hangzhou.fnf.aliyuncs.com");
        assert_eq!(host(true), "https://cn-hangzhou-internal.fnf.aliyuncs.com");
        for bad in ["", "evil.com/", "a.b", "A", "-a", "a-", "a b", &"a".repeat(49)] {
            assert!(Endpoint::from_region(bad, false).is_err(), "{bad}");
        }
    }

    #[test]
    fn plain_http_is_limited() {
        for good in ["http://127.0.0.1:1", "http://127.9.9.9", "http://[::1]:8080", "http://localhost:1"] {
            assert_eq!(parse(good).unwrap(), good);
        }
        assert_eq!(parse("http://FNF.test:80/").unwrap(), "http://FNF.test:80");
        for bad in ["http://fnf.test.evil", "http://10.0.0.1", "http://127.0.0.1.evil", "http://x"] {
            let error = parse(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Settings);
            assert!(error.to_string().contains("allow_http_host"), "{error}");
        }
    }

    #[test]
    fn only_scheme_host_and_port_are_accepted() {
        assert_eq!(parse(" cn-beijing.fnf.aliyuncs.com ").unwrap(), "https://cn-beijing.fnf.aliyuncs.com");
        for bad in ["", "https://", "ftp://a", "https://a/path", "https://a?q=1", "https://u:pw@a", "a b"] {
            let error = parse(bad).unwrap_err().to_string();
            assert!(!error.contains("pw"), "{error}");
        }
    }
}
