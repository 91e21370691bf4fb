use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::{Duration, SystemTime};

use http::HeaderValue;
use reqsign_aliyun_oss::StaticCredentialProvider;
use reqsign_core::{Context, Env, OsEnv, ProvideCredential};
use ring::rand::{SystemRandom, generate};
use taskback_http::{HttpClient, Roots};

use super::{Client, Clock, Inner, Nonce};
use crate::credentials::{Asker, Cache, OfficialEnv, Provider, Reader};
use crate::endpoint::Endpoint;
use crate::{Credentials, Error, ErrorKind, Limiter, OfficialChain};

/// The parts of a [`Client`].
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
    /// The region, such as `cn-hangzhou`: the endpoint is `https://{region}.fnf.aliyuncs.com`.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Inside a VPC: `https://{region}-internal.fnf.aliyuncs.com`.
    pub fn internal(mut self, internal: bool) -> Self {
        self.internal = internal;
        self
    }

    /// `https://host[:port]` or the host alone, in place of the region's. Plain HTTP is refused,
    /// save to loopback and to the host of [`allow_http_host`](Self::allow_http_host).
    pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = Some(endpoint.into());
        self
    }

    /// The one host to which tokens may go in plain HTTP. For tests.
    pub fn allow_http_host(mut self, host: impl Into<String>) -> Self {
        self.allow_http_host = Some(host.into());
        self
    }

    /// Always these credentials. Without them and without a provider: [`OfficialChain`].
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Any provider of reqsign's. What it gives is kept until two minutes before it expires.
    pub fn credentials_provider(
        mut self,
        provider: impl ProvideCredential<Credential = reqsign_aliyun_oss::Credential>,
    ) -> Self {
        self.provider = Some(Arc::new(provider));
        self
    }

    /// What providers read instead of the process's environment.
    pub fn env(mut self, env: impl Env) -> Self {
        self.env = Arc::new(env);
        self
    }

    /// One limiter for several clients of the same account and region.
    pub fn limiter(mut self, limiter: Limiter) -> Self {
        self.limiter = limiter;
        self
    }

    /// For name, TCP and TLS together. Default: 2 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// From the connection to the end of the answer, besides what the service was asked to wait.
    /// Default: 10 s.
    pub fn read_timeout(mut self, timeout: Duration) -> Self {
        self.read_timeout = timeout;
        self
    }

    /// How long an unused connection is kept. Default: 20 s, so that after a function was frozen
    /// for long none is used that the service has dropped meanwhile.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// The header `user-agent`. Default: `aliyun-fnf/` and this crate's version.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// For tests: the local clock.
    #[doc(hidden)]
    pub fn clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// For tests: where nonces come from.
    #[doc(hidden)]
    pub fn nonce(mut self, nonce: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.nonce = Box::new(move || Ok(nonce()));
        self
    }

    /// Checks the parts and loads the machine's root certificates. It sends nothing.
    pub fn build(self) -> Result<Client, Error> {
        let endpoint = match (&self.endpoint, &self.region) {
            (Some(given), _) => Endpoint::given(given, self.allow_http_host.as_deref())?,
            (None, Some(region)) => Endpoint::of_region(region, self.internal)?,
            (None, None) => return Err(settings("a region or an endpoint must be set")),
        };
        let user_agent = HeaderValue::from_str(&self.user_agent)
            .map_err(|_| settings("user agent must be visible ASCII characters"))?;
        let roots = if endpoint.is_tls() { Roots::Required } else { Roots::IfAny };
        let http = HttpClient::new(self.connect_timeout, self.idle_timeout, roots)
            .map_err(|_| settings("the machine has no usable root certificates for TLS"))?;
        let context = Context::new()
            .with_http_send(Asker(http.clone()))
            .with_file_read(Reader)
            .with_env(OfficialEnv(self.env));
        let provider = match self.credentials {
            Some(credentials) => fixed(credentials.check()?),
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
            ahead: AtomicI64::new(0),
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

fn settings(message: &str) -> Error {
    Error::new(ErrorKind::Settings, message)
}

fn fixed(credentials: Credentials) -> Provider {
    let Credentials { access_key_id, access_key_secret, security_token } = credentials;
    let provider = StaticCredentialProvider::new(&access_key_id, &access_key_secret);
    Arc::new(match security_token {
        Some(token) => provider.with_security_token(&token),
        None => provider,
    })
}

/// 128 random bits in hex.
fn random_nonce() -> Result<String, Error> {
    let bytes = generate::<[u8; 16]>(&SystemRandom::new())
        .map_err(|_| settings("the system has no random numbers"))?;
    Ok(bytes.expose().iter().map(|byte| format!("{byte:02x}")).collect())
}
