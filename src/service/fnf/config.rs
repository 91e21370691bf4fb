use std::fmt;

use taskback_core::fnf;

use crate::redact::Place;

/// Where FnF is, and what it takes. Without region and endpoint there is no client for it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FnfConfig {
    /// `FNF_REGION`, such as `cn-hangzhou`.
    pub region: Option<String>,
    /// `FNF_ENDPOINT`, in place of the region's.
    pub endpoint: Option<String>,
    /// `FNF_ALLOW_HTTP_HOST`: the one host beside loopback that may be called in plain HTTP.
    pub allow_http_host: Option<String>,
    /// `FNF_SECRET_ID`: ARN or name of the secret in AWS Secrets Manager that holds the credentials; without
    /// it they come from where every Alibaba Cloud SDK looks.
    pub secret_id: Option<String>,
    /// `FNF_MAX_OUTPUT_BYTES`: of an output in UTF-8, 1 to 1048576; default 65536.
    pub max_output_bytes: usize,
    /// `FNF_REQUIRE_OBJECT_OUTPUT`: `on` or `off` (default): an output that is not a JSON object becomes
    /// the failure `OutputNotObject`.
    pub require_object_output: bool,
}

impl FnfConfig {
    /// Whether there is anything to build a client from.
    pub fn is_set(&self) -> bool {
        self.region.is_some() || self.endpoint.is_some()
    }
}

impl Default for FnfConfig {
    fn default() -> Self {
        Self {
            region: None,
            endpoint: None,
            allow_http_host: None,
            secret_id: None,
            max_output_bytes: fnf::OUTPUT_BYTES,
            require_object_output: false,
        }
    }
}

/// Shows the endpoint's scheme, host and port only: a URL may hold a password.
impl fmt::Debug for FnfConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { region, endpoint, allow_http_host, secret_id, max_output_bytes, require_object_output } =
            self;
        f.debug_struct("FnfConfig")
            .field("region", region)
            .field("endpoint", &endpoint.as_deref().map(Place))
            .field("allow_http_host", allow_http_host)
            .field("secret_id", &secret_id.as_ref().map(|_| "[not shown]"))
            .field("max_output_bytes", max_output_bytes)
            .field("require_object_output", require_object_output)
            .finish()
    }
}
