//! `taskback local`: the local workflow services until somebody ends them.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;

use taskback_local::{Config, Server};

use crate::Ended;

/// Where `taskback local` listens, and where `taskback invoke` looks for it.
pub(crate) const ADDRESS: &str = "127.0.0.1:9450";

/// Runs local workflow services, FnF and SWF on one port, until Ctrl-C or SIGTERM.
///
/// They forget everything when they end. Tasks are opened, faults ordered and reports looked at under
/// /_local, as in POST /_local/tasks {"service":"fnf"}.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = ADDRESS)]
    listen: SocketAddr,
    /// The access key that FnF requests must be signed with.
    #[arg(long, value_name = "ID", default_value = "taskback-local", value_parser = not_empty)]
    access_key_id: String,
    /// The access key's secret. Other users of this machine can see what stands on a command line.
    #[arg(long, value_name = "SECRET", default_value = DEFAULT_SECRET, value_parser = not_empty)]
    access_key_secret: String,
    /// Holds the report calls to FnF's documented limit: 10 at once, refilled by 2 a second.
    #[arg(long)]
    fnf_limits: bool,
}

const DEFAULT_SECRET: &str = "taskback-local-secret";

pub(crate) async fn run(args: Args) -> Ended {
    let Args { listen, access_key_id, access_key_secret, fnf_limits } = args;
    // Before anybody is told the address, so that whoever knows it can also end this well.
    let ended = ended()?;
    let shown = Shown::new(&access_key_id, &access_key_secret);
    let config = Config { listen, access_key_id, access_key_secret, fnf_limits };
    let server = Server::bind(config).await.map_err(|error| format!("--listen {listen}: {error}"))?;
    io::stdout().write_all(shown.greeting(server.addr()).as_bytes())?;
    if !server.addr().ip().is_loopback() {
        eprintln!("taskback: warning: not on loopback; whoever reaches this port can end every task here");
    }
    ended.await;
    let tasks = server.state().tasks();
    eprintln!("taskback: ended; {} tasks are forgotten", tasks.len());
    Ok(ExitCode::SUCCESS)
}

/// Resolves when this process is asked to end.
fn ended() -> io::Result<impl Future<Output = ()>> {
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
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}

/// The keys as they may be printed: a secret that somebody chose is not.
struct Shown {
    key: String,
    secret: &'static str,
}

impl Shown {
    fn new(key: &str, secret: &str) -> Self {
        let secret = if secret == DEFAULT_SECRET { DEFAULT_SECRET } else { "(as given)" };
        Self { key: key.to_owned(), secret }
    }

    fn greeting(&self, addr: SocketAddr) -> String {
        let Self { key, secret } = self;
        let host = match addr.ip() {
            ip if ip.is_unspecified() => "(this machine's address)".to_owned(),
            ip => ip.to_string(),
        };
        let url = match addr.ip().is_unspecified() {
            true => format!("http://{host}:{}", addr.port()),
            false => format!("http://{addr}"),
        };
        let mut text = format!(
            "taskback local listens on http://{addr}\n\
             FnF and SWF; tasks and faults under http://{addr}/_local. Point a handler at it with\n\n  \
             TASKBACK_SERVICE=fnf\n  \
             FNF_ENDPOINT={url}\n  \
             ALIBABA_CLOUD_ACCESS_KEY_ID={key}\n  \
             ALIBABA_CLOUD_ACCESS_KEY_SECRET={secret}\n  \
             AWS_ENDPOINT_URL_SWF={url}\n  \
             AWS_REGION=us-east-1\n  \
             AWS_ACCESS_KEY_ID={key}\n  \
             AWS_SECRET_ACCESS_KEY={secret}\n"
        );
        if !addr.ip().is_loopback() {
            text.push_str(&format!("  FNF_ALLOW_HTTP_HOST={host}\n"));
        }
        text + "\nCtrl-C ends it.\n"
    }
}

fn not_empty(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("must not be empty".into()) } else { Ok(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_somebody_chose_is_not_printed() {
        let greeting = |secret| Shown::new("key", secret).greeting("127.0.0.1:9450".parse().unwrap());
        assert!(!greeting("chosen").contains("chosen"));
        assert!(greeting(DEFAULT_SECRET).contains("ALIBABA_CLOUD_ACCESS_KEY_SECRET=taskback-local-secret\n"));
    }

    #[test]
    fn off_loopback_the_one_plain_http_host_is_named() {
        let greeting = |addr: &str| Shown::new("key", DEFAULT_SECRET).greeting(addr.parse().unwrap());
        assert!(greeting("192.0.2.1:9450").contains("FNF_ALLOW_HTTP_HOST=192.0.2.1\n"));
        assert!(!greeting("127.0.0.1:9450").contains("FNF_ALLOW_HTTP_HOST"));
        assert!(!greeting("0.0.0.0:9450").contains("FNF_ENDPOINT=http://0.0.0.0"));
    }
}
