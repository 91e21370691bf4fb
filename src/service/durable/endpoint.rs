//! The place of Lambda: a setting, or else that of the region's partition.

use aws_sdk_sts::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};

use crate::aws::{Clients, Scope};
use crate::error::{Error, ErrorKind};
use crate::redact::Place;

/// The URL without a slash at its end, and the scope of signatures.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Endpoint {
    pub(super) url: String,
    pub(super) scope: Scope,
}

impl Endpoint {
    /// The endpoint of the settings or else of the region; `None` without a region, or if its partition has no such
    /// endpoint. It is an error if the URL of the settings is not one.
    pub(super) async fn resolve(clients: &Clients) -> Result<Option<Self>, Error> {
        let config = clients.sdk_config();
        let Some(region) = config.region().map(ToString::to_string) else { return Ok(None) };
        if let Some(url) = clients.endpoint_url("LAMBDA") {
            return Self::from_url(url, region).map(Some);
        }
        let variants = (config.use_fips().unwrap_or(false), config.use_dual_stack().unwrap_or(false));
        Ok(Self::public(region, variants).await)
    }

    pub(super) fn from_url(url: &str, region: String) -> Result<Self, Error> {
        let uri = http::Uri::try_from(url).ok();
        if !uri.is_some_and(|uri| uri.scheme().is_some() && uri.host().is_some() && uri.query().is_none()) {
            return Err(unusable(url));
        }
        Ok(Self { url: url.trim_end_matches('/').to_owned(), scope: scope(region) })
    }

    /// AWS's own endpoint. Partitions, their names in DNS and their variants are those of another service's resolver: it
    /// builds all of its URLs alike, and only the first label differs.
    async fn public(region: String, (fips, dual_stack): (bool, bool)) -> Option<Self> {
        let params = Params::builder().region(&region).use_dual_stack(dual_stack).use_global_endpoint(false);
        let params = params.build().ok()?;
        let resolver = DefaultResolver::new();
        let resolved = resolver.resolve_endpoint(&params).await.ok()?;
        let host = resolved.url().strip_prefix("https://sts.")?;
        let label = if fips { "lambda-fips" } else { "lambda" };
        let url = format!("https://{label}.{}", host.trim_end_matches('/'));
        Some(Self { url, scope: scope(region) })
    }
}

pub(super) fn unusable(url: &str) -> Error {
    let text =
        format!("durable functions: {:?} is not a URL of an endpoint, expected scheme and host", Place(url));
    Error::new(ErrorKind::Settings, text)
}

fn scope(region: String) -> Scope {
    Scope { region, service: "lambda".to_owned() }
}

#[cfg(test)]
mod tests;
