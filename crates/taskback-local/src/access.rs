//! Access control: programs may call the local services, web pages of other sites may not.
//!
//! A browser lets any page send simple requests to loopback, so a request that names another site as its origin is
//! refused. With DNS rebinding, a page's own name resolves to this server and its origin is not foreign, so a request
//! must name this server as its host. `/_local` also accepts no content type that a page may send without a preflight.

use std::net::{IpAddr, Ipv6Addr};

use http::header::{HOST, ORIGIN};
use http::{HeaderMap, HeaderName, StatusCode};
use serde_json::json;

use crate::request::Request;
use crate::response::HttpResponse;

/// The hosts by which the server may be called, beside loopback.
#[derive(Debug)]
pub(crate) struct Access {
    listen: IpAddr,
    allowed: Vec<Host>,
}

/// A host without its port.
#[derive(Debug, PartialEq, Eq)]
enum Host {
    Address(IpAddr),
    /// Lower case, without a dot at the end.
    Name(String),
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

impl Access {
    /// Accepts loopback, the address `listen` and the names or addresses of `allow_hosts`. An error names an entry that
    /// is neither a name nor an address.
    pub(crate) fn new(listen: IpAddr, allow_hosts: &[String]) -> Result<Self, String> {
        let allowed = allow_hosts.iter().map(|entry| {
            let bare = entry.parse().map(Host::Address).ok();
            let host = bare.or_else(|| Host::parse(entry, false));
            host.ok_or_else(|| format!("{entry:?}: expected the name or address of a host, without a port"))
        });
        Ok(Self { listen: listen.to_canonical(), allowed: allowed.collect::<Result<_, _>>()? })
    }

    /// Returns the refusal of a request that a page of another site may have sent, else `None`.
    pub(crate) fn refuse(&self, request: &Request) -> Option<HttpResponse> {
        let (status, error) = self.judge(request).err()?;
        tracing::warn!(event = "request.refused", %status, error, "a request to the local services is refused");
        Some(HttpResponse::new(status, "application/json", json!({ "error": error }).to_string()))
    }

    fn judge(&self, request: &Request) -> Result<(), (StatusCode, String)> {
        let hosts = values(&request.headers, &HOST);
        let [host] = hosts[..] else {
            let error = format!("Host: expected one such header, found {}", hosts.len());
            return Err((StatusCode::BAD_REQUEST, error));
        };
        // A request target with a host of its own replaces the header, so neither may be foreign.
        for (header, host) in [("Host", Some(host)), ("request target", request.target_host.as_deref())] {
            if host.is_some_and(|host| !self.accepts_host(host)) {
                return Err(self.foreign(header, host.unwrap_or_default()));
            }
        }
        for origin in values(&request.headers, &ORIGIN) {
            let host = ["http://", "https://"].iter().find_map(|scheme| origin.strip_prefix(scheme));
            if !host.is_some_and(|host| self.accepts_host(host)) {
                return Err(self.foreign("Origin", origin));
            }
        }
        for site in values(&request.headers, &SEC_FETCH_SITE) {
            if !["same-origin", "same-site", "none"].contains(&site) {
                let value = shorten(site);
                let error = format!(
                    "Sec-Fetch-Site: {value:?} is not accepted, expected same-origin, same-site or none: pages of other \
                     sites may not call the local services"
                );
                return Err((StatusCode::FORBIDDEN, error));
            }
        }
        if request.is_admin() && request.method == "POST" && request.media_type() != "application/json" {
            let error = "Content-Type: expected application/json for a POST to /_local".to_owned();
            return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, error));
        }
        Ok(())
    }

    fn accepts_host(&self, text: &str) -> bool {
        match Host::parse(text, true) {
            Some(Host::Address(ip)) if ip.is_loopback() || ip == self.listen => true,
            Some(Host::Name(name)) if name == "localhost" => true,
            Some(host) => self.allowed.contains(&host),
            None => false,
        }
    }

    fn foreign(&self, header: &str, value: &str) -> (StatusCode, String) {
        let (listen, value) = (self.listen, shorten(value));
        let error = format!(
            "{header}: {value:?} is not accepted, expected localhost, a loopback address, {listen} or a host of --allow-host"
        );
        (StatusCode::FORBIDDEN, error)
    }
}

impl Host {
    /// `None` = not a host as a URL has it: a name, an IPv4 address or an IPv6 address in brackets.
    fn parse(text: &str, with_port: bool) -> Option<Self> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (address, port) = rest.split_once(']')?;
                let address: Ipv6Addr = address.parse().ok()?;
                (Self::Address(IpAddr::V6(address).to_canonical()), port)
            }
            None => {
                let (name, port) = text.split_at(text.find(':').unwrap_or(text.len()));
                (Self::parse_name(name)?, port)
            }
        };
        let is_port = |port: &str| {
            with_port && port.strip_prefix(':').is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()))
        };
        (port.is_empty() || is_port(port)).then_some(host)
    }

    fn parse_name(text: &str) -> Option<Self> {
        // The dot at the end is DNS's root.
        let name = text.strip_suffix('.').unwrap_or(text);
        if let Ok(address) = name.parse() {
            return Some(Self::Address(IpAddr::V4(address)));
        }
        let is_label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        (name.len() <= 253 && name.split('.').all(is_label)).then(|| Self::Name(name.to_ascii_lowercase()))
    }
}

/// All values of the header. A value that is not text becomes empty, which is accepted nowhere.
fn values<'r>(headers: &'r HeaderMap, name: &HeaderName) -> Vec<&'r str> {
    headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default()).collect()
}

/// The beginning of a header's value, for people.
fn shorten(value: &str) -> &str {
    value.get(..100).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(listen: &str, allowed: &[&str], host: &str) -> bool {
        let allowed: Vec<_> = allowed.iter().map(|name| (*name).to_owned()).collect();
        Access::new(listen.parse().unwrap(), &allowed).unwrap().accepts_host(host)
    }

    #[test]
    fn hosts_of_this_machine_are_accepted() {
        for host in [
            "localhost",
            "LocalHost:9450",
            "localhost.:1",
            "127.0.0.1",
            "127.9.8.7:65535",
            "127.0.0.1.",
            "[::1]",
            "[::1]:9450",
            "[0:0:0:0:0:0:0:1]:1",
            "[::ffff:127.0.0.1]",
            "localhost:",
        ] {
            assert!(accepts("127.0.0.1", &[], host), "{host}");
        }
    }

    #[test]
    fn other_hosts_are_refused() {
        for host in [
            "",
            ".",
            "..",
            "evil.example",
            "evil.example.:9450",
            "localhost.evil.example",
            "evil.localhost",
            "localhost..",
            "localhost:9450:1",
            "localhost:http",
            "localhost:9450@evil.example",
            "localhost@evil.example",
            "localhost, evil.example",
            "localhost/",
            " localhost",
            "::1",
            "[::1",
            "[::1]evil.example",
            "[::1%lo]",
            "[evil.example]",
            "0.0.0.0:9450",
            "127.0.0.1.evil.example",
            "127.1",
            "2130706433",
            "192.0.2.7:9450",
            "локалхост",
        ] {
            assert!(!accepts("127.0.0.1", &[], host), "{host}");
        }
    }

    #[test]
    fn allowed_hosts_are_accepted_with_any_port() {
        let allowed = ["Services.Internal.", "172.17.0.1", "fd00::7", "[fd00::8]"];
        for host in ["services.internal:1", "SERVICES.internal.", "172.17.0.1:1", "[fd00::7]", "[FD00::8]:2"]
        {
            assert!(accepts("0.0.0.0", &allowed, host), "{host}");
        }
        assert!(
            !accepts("0.0.0.0", &allowed, "x.services.internal") && !accepts("0.0.0.0", &allowed, "internal")
        );
        assert!(accepts("192.0.2.7", &[], "192.0.2.7:1") && accepts("fd00::9", &[], "[fd00::9]:1"));
    }

    #[test]
    fn unusable_allowed_host_is_an_error() {
        for entry in ["", "*", "*.example", "host:9450", "[::1]:1", "http://host", "a b", "host/"] {
            let error = Access::new(IpAddr::from([127, 0, 0, 1]), &[entry.to_owned()]).unwrap_err();
            assert!(error.starts_with(&format!("{entry:?}: expected")), "{error}");
        }
    }
}
