use std::net::{Ipv4Addr, SocketAddr};

/// The configuration of a [`Server`](crate::Server).
#[derive(Clone)]
pub struct Config {
    /// The address to listen on, by default 127.0.0.1 with port 0, which takes a free port. Off
    /// loopback, every client that reaches the port can end the tasks; this is allowed, with a warning.
    pub listen: SocketAddr,
    /// The access key that requests are signed with, by default `taskback-local`.
    pub access_key_id: String,
    /// The secret of the access key, by default `taskback-local-secret`.
    pub access_key_secret: String,
    /// Enforces FnF's documented rate limits with 429 ResourceThrottled: StartExecution 100,
    /// refilled by 100 a second; DescribeExecution and GetExecutionHistory 50 and 5; all other calls
    /// together 10 and 2. Off by default.
    pub fnf_limits: bool,
    /// Names or addresses, without a port, by which clients may call the server beside loopback and `listen`; by
    /// default none. Another name in a request's `Host` is refused, because any web page can point its own name here.
    pub allow_hosts: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            access_key_id: "taskback-local".to_owned(),
            access_key_secret: "taskback-local-secret".to_owned(),
            fnf_limits: false,
            allow_hosts: Vec::new(),
        }
    }
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { listen, access_key_id, fnf_limits, allow_hosts, .. } = self;
        let mut output = f.debug_struct("Config");
        output.field("listen", listen).field("access_key_id", access_key_id);
        output.field("fnf_limits", fnf_limits).field("allow_hosts", allow_hosts).finish_non_exhaustive()
    }
}
