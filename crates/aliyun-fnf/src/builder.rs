use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::{Duration, SystemTime};

use http::HeaderValue;
use reqsign_aliyun_oss::StaticCredentialProvider;
use reqsign_core::{Context, Env, OsEnv, ProvideCredential};
use ring::rand::{SystemRandom, generate};
use taskback_http::{HttpClient, Roots};

use crate::client::Client;
use crate::credentials::{
    Cache, CredentialHttp, Credentials, FileReader, OfficialChain, OfficialEnv, Provider,
};
use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind};
use crate::inner::{Clock, Inner, Nonce};
use crate::limiter::Limiter;

impl Client {
    /// Starts a client with the documented defaults. A region or an endpoint must be set.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }
}

/// Builds a [`Client`].
#[must_use]
pub struct ClientBuilder {
    region: Option<String>,
    internal: bool,
    endpoint: Option<String>,
    allow_http_host: Option<String>,
    credentials: Option<Credentials>,
    provider: Option<Provider>,
    env: Arc<dyn Env>,
    limiter: Limiter,
    connect_timeout: Duration,
    read_timeout: Duration,
    idle_timeout: Duration,
    user_agent: String,
    clock: Clock,
    nonce: Nonce,
}

impl ClientBuilder {
    /// Sets the region, such as `cn-hangzhou`: the endpoint is `https://{region}.fnf.aliyuncs.com`.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Uses the endpoint inside a VPC: `https://{region}-internal.fnf.aliyuncs.com`.
    pub fn internal(mut self, internal: bool) -> Self {
        self.internal = internal;
        self
    }

    /// Sets the endpoint instead of the region's: `https://host[:port]`, or the host alone. Plain HTTP is accepted only for
    /// loopback and the host of [`allow_http_host`](Self::allow_http_host).
    pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = Some(endpoint.into());
        self
    }

    /// Allows plain HTTP to one host, which then receives tokens unencrypted. For tests.
    pub fn allow_http_host(mut self, host: impl Into<String>) -> Self {
        self.allow_http_host = Some(host.into());
        self
    }

    /// Sets fixed credentials. Without them and without a provider, [`OfficialChain`] is used.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Sets a provider of reqsign. Its credentials are cached until two minutes before they expire.
    pub fn credentials_provider(
        mut self,
        provider: impl ProvideCredential<Credential = reqsign_aliyun_oss::Credential>,
    ) -> Self {
        self.provider = Some(Arc::new(provider));
        self
    }

    /// Sets the environment of providers, instead of the process's own.
    pub fn env(mut self, env: impl Env) -> Self {
        self.env = Arc::new(env);
        self
    }

    /// Sets the limiter, to share one among clients of the same account and region.
    pub fn limiter(mut self, limiter: Limiter) -> Self {
        self.limiter = limiter;
        self
    }

    /// Sets the timeout for name resolution, TCP and TLS together. Default: 2 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets the time from the connection to the end of the response, besides a requested wait of the service. Default:
    /// 10 s.
    pub fn read_timeout(mut self, timeout: Duration) -> Self {
        self.read_timeout = timeout;
        self
    }

    /// Sets the time after which an unused connection is closed. Default: 20 s, so that a function that was frozen for long
    /// does not use a connection that the service has dropped meanwhile.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// Sets the header `user-agent`. Default: `aliyun-fnf/` and this crate's version.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// Sets the local clock, for tests.
    #[doc(hidden)]
    pub fn clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Sets the source of nonces, for tests.
    #[doc(hidden)]
    pub fn nonce(mut self, nonce: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.nonce = Box::new(move || Ok(nonce()));
        self
    }

    /// Checks the settings, loads the machine's root certificates and returns the client. It sends nothing.
    pub fn build(self) -> Result<Client, Error> {
        let endpoint = match (&self.endpoint, &self.region) {
            (Some(endpoint), _) => Endpoint::parse(endpoint, self.allow_http_host.as_deref())?,
            (None, Some(region)) => Endpoint::from_region(region, self.internal)?,
            (None, None) => return Err(settings_error("region, endpoint: not set, expected one of them")),
        };
        let user_agent = HeaderValue::from_str(&self.user_agent)
            .map_err(|_| settings_error("user agent: expected visible ASCII characters only"))?;
        let roots = if endpoint.is_tls() { Roots::Required } else { Roots::IfAny };
        let http = HttpClient::new(self.connect_timeout, self.idle_timeout, roots)
            .map_err(|error| settings_error(&format!("proxies, root certificates: {error}")))?;
        let context = Context::new()
            .with_http_send(CredentialHttp(http.clone()))
            .with_file_read(FileReader)
            .with_env(OfficialEnv(self.env));
        let provider = match self.credentials {
            Some(credentials) => static_provider(credentials.check()?),
            None => self.provider.unwrap_or_else(|| Arc::new(OfficialChain::new())),
        };
        Ok(Client(Arc::new(Inner {
            http,
            endpoint,
            user_agent,
            credentials: Cache::new(provider, context),
            limiter: self.limiter,
            read_timeout: self.read_timeout,
            clock: self.clock,
            nonce: self.nonce,
            clock_offset: AtomicI64::new(0),
        })))
    }
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self {
            region: None,
            internal: false,
            endpoint: None,
            allow_http_host: None,
            credentials: None,
            provider: None,
            env: Arc::new(OsEnv),
            limiter: Limiter::new(),
            connect_timeout: Duration::from_secs(2),
            read_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(20),
            user_agent: concat!("aliyun-fnf/", env!("CARGO_PKG_VERSION")).to_owned(),
            clock: Box::new(SystemTime::now),
            nonce: Box::new(random_nonce),
        }
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let region = self.region.as_deref().unwrap_or("none");
        write!(f, "ClientBuilder(region {region})")
    }
}

fn settings_error(message: &str) -> Error {
    Error::new(ErrorKind::Settings, message)
}

fn static_provider(credentials: Credentials) -> Provider {
    let Credentials { access_key_id, access_key_secret, security_token } = credentials;
    let provider = StaticCredentialProvider::new(&access_key_id, &access_key_secret);
    Arc::new(match security_token {
        Some(token) => provider.with_security_token(&token),
        None => provider,
    })
}

/// Returns 128 random bits in hex.
fn random_nonce() -> Result<String, Error> {
    let bytes = generate::<[u8; 16]>(&SystemRandom::new())
        .map_err(|_| settings_error("the system has no source of random numbers"))?;
    Ok(bytes.expose().iter().map(|byte| format!("{byte:02x}")).collect())
}
