//! `taskback local`: local workflow services, until a signal stops them.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;

use taskback_local::{Config, Server};

use crate::exit::CommandResult;

/// Default address of `taskback local`, which `taskback invoke` connects to.
pub(crate) const ADDRESS: &str = "127.0.0.1:9450";

/// Runs local workflow services, FnF and SWF on one port, until Ctrl-C or SIGTERM.
///
/// Their state is in memory and is lost when they stop. The API under /_local opens tasks, injects faults and lists
/// reports, for example POST /_local/tasks {"service":"fnf"}.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Address to listen on; port 0 selects a free port.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = ADDRESS)]
    listen: SocketAddr,
    /// Access key that FnF requests must be signed with.
    #[arg(long, value_name = "ID", default_value = "taskback-local", value_parser = not_empty)]
    access_key_id: String,
    /// Secret of the access key. Other users of this machine can see the command line.
    #[arg(long, value_name = "SECRET", default_value = DEFAULT_SECRET, value_parser = not_empty)]
    access_key_secret: String,
    /// Enforces FnF's documented limit on report calls: a burst of 10, then 2 per second.
    #[arg(long)]
    fnf_limits: bool,
    /// Host name or address, without a port, that clients may use besides loopback and --listen, for example
    /// host.docker.internal; may be repeated. Requests to other hosts and from web pages of other sites are rejected.
    #[arg(long, value_name = "NAME")]
    allow_host: Vec<String>,
}

const DEFAULT_SECRET: &str = "taskback-local-secret";

pub(crate) async fn run(args: Args) -> CommandResult {
    let Args { listen, access_key_id, access_key_secret, fnf_limits, allow_host: allow_hosts } = args;
    // Registered before the address is printed, so that a client that knows it can also stop the process cleanly.
    let shutdown = shutdown_signal()?;
    let keys = PrintableKeys::new(&access_key_id, &access_key_secret);
    let config = Config { listen, access_key_id, access_key_secret, fnf_limits, allow_hosts };
    let server = Server::bind(config).await.map_err(|error| match error.kind() {
        io::ErrorKind::InvalidInput => format!("--allow-host {error}"),
        _ => format!("--listen {listen}: {error}"),
    })?;
    io::stdout().write_all(keys.greeting(server.addr()).as_bytes())?;
    if !server.addr().ip().is_loopback() {
        eprintln!(
            "taskback: warning: --listen is not a loopback address; every client that reaches this port can end every task"
        );
    }
    shutdown.await;
    eprintln!("taskback: stopped; {} tasks discarded", server.state().tasks().len());
    Ok(ExitCode::SUCCESS)
}

/// Resolves at the first SIGINT or SIGTERM.
fn shutdown_signal() -> io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    Ok(async {
        // Without a handler for the signal the process cannot be asked to stop; stopping is the safe answer.
        let _ = tokio::signal::ctrl_c().await;
    })
}

/// The keys in printable form: a secret from the command line is not printed.
struct PrintableKeys {
    key: String,
    secret: &'static str,
}

impl PrintableKeys {
    fn new(key: &str, secret: &str) -> Self {
        let secret = if secret == DEFAULT_SECRET { DEFAULT_SECRET } else { "(from --access-key-secret)" };
        Self { key: key.to_owned(), secret }
    }

    fn greeting(&self, addr: SocketAddr) -> String {
        let Self { key, secret } = self;
        let host = match addr.ip() {
            ip if ip.is_unspecified() => "(this machine's address)".to_owned(),
            ip => ip.to_string(),
        };
        let url = if addr.ip().is_unspecified() {
            format!("http://{host}:{}", addr.port())
        } else {
            format!("http://{addr}")
        };
        let mut text = format!(
            "taskback local listens on http://{addr}\n\
             FnF and SWF; tasks and faults under http://{addr}/_local. To connect a handler, set\n\n  \
             TASKBACK_SERVICE=fnf\n  \
             TASKBACK_STEP=verify-card\n  \
             FNF_ENDPOINT={url}\n  \
             ALIBABA_CLOUD_ACCESS_KEY_ID={key}\n  \
             ALIBABA_CLOUD_ACCESS_KEY_SECRET={secret}\n  \
             AWS_ENDPOINT_URL_SWF={url}\n  \
             AWS_ENDPOINT_URL_LAMBDA={url}\n  \
             AWS_REGION=us-east-1\n  \
             AWS_ACCESS_KEY_ID={key}\n  \
             AWS_SECRET_ACCESS_KEY={secret}\n"
        );
        if !addr.ip().is_loopback() {
            text.push_str(&format!("  FNF_ALLOW_HTTP_HOST={host}\n"));
        }
        text + "\nCtrl-C stops it.\n"
    }
}

fn not_empty(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("expected a value that is not empty".into()) } else { Ok(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_secret_is_not_printed() {
        let greeting = |secret| PrintableKeys::new("key", secret).greeting("127.0.0.1:9450".parse().unwrap());
        assert!(!greeting("chosen").contains("chosen"));
        assert!(greeting(DEFAULT_SECRET).contains("ALIBABA_CLOUD_ACCESS_KEY_SECRET=taskback-local-secret\n"));
    }

    #[test]
    fn plain_http_host_is_named_off_loopback() {
        let greeting = |addr: &str| PrintableKeys::new("key", DEFAULT_SECRET).greeting(addr.parse().unwrap());
        assert!(greeting("192.0.2.1:9450").contains("FNF_ALLOW_HTTP_HOST=192.0.2.1\n"));
        assert!(!greeting("127.0.0.1:9450").contains("FNF_ALLOW_HTTP_HOST"));
        assert!(!greeting("0.0.0.0:9450").contains("FNF_ENDPOINT=http://0.0.0.0"));
    }
}
