use std::fmt;
use std::sync::Arc;

use http::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

use crate::hosts::is_local;

/// The proxies, and the hosts that are reached without one.
#[derive(Clone, Default)]
pub(crate) struct Proxies(Option<Arc<Inner>>);

struct Inner {
    matcher: Matcher,
    /// The host of the Lambda Runtime API.
    runtime_api: Option<String>,
}

impl Proxies {
    pub(crate) fn from_vars(var: &impl Fn(&str) -> Option<String>) -> Result<Self, Vec<String>> {
        let https = read(var, "HTTPS_PROXY", "https_proxy");
        // A CGI program gets the header `proxy` of a request in this name.
        let http_upper = if var("REQUEST_METHOD").is_some() { "http_proxy" } else { "HTTP_PROXY" };
        let http = read(var, http_upper, "http_proxy");
        let all = read(var, "ALL_PROXY", "all_proxy");
        let errors: Vec<_> = [&https, &http, &all].into_iter().filter_map(|url| url.clone().err()).collect();
        let (Ok(https), Ok(http), Ok(all)) = (https, http, all) else { return Err(errors) };
        let all = all.unwrap_or_default();
        let (https, http) = (https.unwrap_or_else(|| all.clone()), http.unwrap_or(all));
        if https.is_empty() && http.is_empty() {
            return Ok(Self::default());
        }
        let no = var("no_proxy").or_else(|| var("NO_PROXY")).unwrap_or_default();
        // curl takes blanks between entries too.
        let no = no.split_whitespace().collect::<Vec<_>>().join(",");
        let matcher = Matcher::builder().https(https).http(http).no(no).build();
        let runtime_api = var("AWS_LAMBDA_RUNTIME_API");
        let runtime_api =
            runtime_api.map(|at| at.rsplit_once(':').map_or(at.clone(), |(host, _)| host.to_owned()));
        Ok(Self(Some(Arc::new(Inner { matcher, runtime_api }))))
    }

    /// The proxy for a URL, unless it is reached directly.
    pub(crate) fn proxy(&self, url: &Uri) -> Option<Intercept> {
        let Inner { matcher, runtime_api } = self.0.as_deref()?;
        let host = url.host()?;
        if is_local(host) || runtime_api.as_deref().is_some_and(|api| api.eq_ignore_ascii_case(host)) {
            return None;
        }
        matcher.intercept(url)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

/// Opaque: a proxy's URL may hold a password.
impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "Proxies(none)" } else { "Proxies(..)" })
    }
}

/// A proxy's URL, checked; the name in lower case comes first. The error names the variable and not the URL.
fn read(var: &impl Fn(&str) -> Option<String>, upper: &str, lower: &str) -> Result<Option<String>, String> {
    let Some((name, value)) = [lower, upper].into_iter().find_map(|name| Some((name, var(name)?))) else {
        return Ok(None);
    };
    let url = value.parse::<Uri>().ok().filter(|url| is_usable(url, &value));
    match url.as_ref().map(Uri::scheme_str) {
        Some(None | Some("http" | "https")) => Ok(Some(value)),
        Some(Some(scheme)) => Err(format!(
            "{name}: proxies with the scheme {scheme} are not supported, expected http:// or https://"
        )),
        None => Err(format!("{name}: invalid URL, expected http://HOST:PORT or https://HOST:PORT")),
    }
}

/// A host, a port that exists, and at most one `@`, since another one would cut the password short.
fn is_usable(url: &Uri, value: &str) -> bool {
    let authority = url.authority().map_or("", |authority| authority.as_str());
    let place = authority.rsplit_once('@').map_or(authority, |(_credentials, place)| place);
    let port = place.rsplit_once(':').map(|(_, port)| port).filter(|port| !port.ends_with(']'));
    url.host().is_some_and(|host| !host.is_empty())
        && port.is_none_or(|port| port.parse::<u16>().is_ok())
        && value.matches('@').count() <= 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(vars: &[(&str, &str)]) -> Result<Proxies, Vec<String>> {
        let vars: Vec<_> =
            vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Proxies::from_vars(&|name| vars.iter().find(|(set, _)| set == name).map(|(_, value)| value.clone()))
    }

    fn proxy_of(url: &str, vars: &[(&str, &str)]) -> Option<String> {
        let proxy = proxies(vars).unwrap().proxy(&url.parse().unwrap())?;
        Some(proxy.uri().authority()?.to_string())
    }

    const SWF: &str = "https://swf.us-east-1.amazonaws.com/";

    #[test]
    fn scheme_chooses_the_proxy() {
        let both = [("HTTPS_PROXY", "http://s:1"), ("HTTP_PROXY", "p:2")];
        assert_eq!(proxy_of(SWF, &both).as_deref(), Some("s:1"));
        assert_eq!(proxy_of("http://steps.example/", &both).as_deref(), Some("p:2"));
        assert_eq!(proxy_of("http://steps.example/", &both[..1]), None);
        let all = [("ALL_PROXY", "http://a:3"), ("https_proxy", "http://s:1")];
        assert_eq!(proxy_of(SWF, &all).as_deref(), Some("s:1"));
        assert_eq!(proxy_of("http://steps.example/", &all).as_deref(), Some("a:3"));
    }

    #[test]
    fn lower_case_comes_before_upper_case() {
        let both = [("HTTPS_PROXY", "http://upper:1"), ("https_proxy", "http://lower:1")];
        assert_eq!(proxy_of(SWF, &both).as_deref(), Some("lower:1"));
        let no = [("HTTPS_PROXY", "http://p:1"), ("NO_PROXY", "*"), ("no_proxy", "other.example")];
        assert_eq!(proxy_of(SWF, &no).as_deref(), Some("p:1"));
    }

    #[test]
    fn no_proxy_entries_match_as_in_curl() {
        for (no, is_direct) in [
            ("*", true),
            ("amazonaws.com", true),
            (".amazonaws.com", true),
            ("AMAZONAWS.com", true),
            ("other.example, swf.us-east-1.amazonaws.com", true),
            ("other.example swf.us-east-1.amazonaws.com", true),
            ("azonaws.com", false),
            ("com.amazonaws", false),
            ("10.0.0.0/8", false),
            ("", false),
        ] {
            let proxy = proxy_of(SWF, &[("HTTPS_PROXY", "http://p:1"), ("NO_PROXY", no)]);
            assert_eq!(proxy.is_none(), is_direct, "{no}");
        }
        let by_network = [("HTTPS_PROXY", "http://p:1"), ("NO_PROXY", "10.0.0.0/8,fd12::/16")];
        for (url, is_direct) in
            [("https://10.1.2.3/", true), ("https://[fd12::1]/", true), ("https://11.1.2.3/", false)]
        {
            assert_eq!(proxy_of(url, &by_network).is_none(), is_direct, "{url}");
        }
    }

    #[test]
    fn local_addresses_are_never_proxied() {
        let vars = [("ALL_PROXY", "http://p:1"), ("AWS_LAMBDA_RUNTIME_API", "runtime.internal:9001")];
        for url in [
            "http://localhost:9324/",
            "https://127.0.0.1:4566/",
            "http://169.254.169.254/latest/",
            "http://100.100.100.200/",
            "http://[fd00:ec2::254]/",
            "http://runtime.internal:9001/2018-06-01/",
        ] {
            assert_eq!(proxy_of(url, &vars), None, "{url}");
        }
        assert!(proxy_of("http://runtime.example/", &vars).is_some());
    }

    #[test]
    fn cgi_ignores_the_upper_case_name() {
        let cgi = [("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "http://evil:1")];
        assert_eq!(proxy_of("http://steps.example/", &cgi), None);
        let lower = [("REQUEST_METHOD", "GET"), ("http_proxy", "http://p:1")];
        assert_eq!(proxy_of("http://steps.example/", &lower).as_deref(), Some("p:1"));
    }

    #[test]
    fn proxy_errors_hide_the_url() {
        let error = proxies(&[
            ("HTTPS_PROXY", "socks5://user:secret@p:1"),
            ("http_proxy", "http://user:secret@ p"),
            ("ALL_PROXY", "/secret"),
        ]);
        for value in ["http://p:99999", "http://user:a@secret@p:1", "http://:1"] {
            let error = proxies(&[("HTTPS_PROXY", value)]).unwrap_err();
            assert!(error[0].starts_with("HTTPS_PROXY: invalid URL, expected http://HOST:PORT"), "{error:?}");
        }
        assert_eq!(
            error.unwrap_err(),
            [
                "HTTPS_PROXY: proxies with the scheme socks5 are not supported, expected http:// or https://",
                "http_proxy: invalid URL, expected http://HOST:PORT or https://HOST:PORT",
                "ALL_PROXY: invalid URL, expected http://HOST:PORT or https://HOST:PORT",
            ]
        );
        let shown = format!("{:?}", proxies(&[("HTTPS_PROXY", "http://user:secret@p:1")]).unwrap());
        assert!(!shown.contains("secret") && !shown.contains("p:1"), "{shown}");
    }
}
