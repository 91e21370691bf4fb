//! `taskback local`: local workflow services, until a signal stops them.

mod custom_runtime;
mod deliver;
mod function;
mod greeting;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;

use taskback_local::{Config, Server};
use tokio::task::JoinSet;

use crate::exit::CommandResult;
use crate::local_vars::{DEFAULT_SECRET, Keys, function_vars};
use deliver::Delivery;
use function::{Function, Host};
use greeting::PrintableKeys;

/// Default address of `taskback local`, which `taskback invoke` connects to.
pub(crate) const ADDRESS: &str = "127.0.0.1:9450";

/// Runs local workflow services, all on one port, until Ctrl-C or SIGTERM.
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
    /// Hands the messages that flows send to this queue to a function, one after the other, until one invocation of each
    /// succeeds, 5 at most; may be repeated. The function gets the environment, with the local services in it. Words are
    /// split at white space; a JSON array has others.
    #[arg(long, value_name = "QUEUE=COMMAND", value_parser = deliver::parse)]
    deliver: Vec<Delivery>,
    /// Host that the functions of --deliver expect.
    #[arg(long, value_enum, default_value_t = Host::Lambda)]
    deliver_as: Host,
}

pub(crate) async fn run(args: Args) -> CommandResult {
    let Args {
        listen,
        access_key_id,
        access_key_secret,
        fnf_limits,
        allow_host: allow_hosts,
        deliver,
        deliver_as,
    } = args;
    // Registered before the address is printed, so that a client that knows it can also stop the process cleanly.
    let shutdown = shutdown_signal()?;
    let keys = PrintableKeys::new(&access_key_id, &access_key_secret);
    let own = Keys { id: access_key_id.clone(), secret: access_key_secret.clone() };
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
    // They end with this function.
    let mut pumps = JoinSet::new();
    for Delivery { queue, line } in deliver {
        let vars = function_vars(&own, &server.url());
        pumps.spawn(deliver::pump(server.state().clone(), queue, Function::new(deliver_as, line, vars)));
    }
    shutdown.await;
    eprintln!("taskback: stopped; {} tasks discarded", server.state().tasks().len());
    Ok(ExitCode::SUCCESS)
}

/// Resolves at the first SIGINT or SIGTERM.
pub(crate) fn shutdown_signal() -> io::Result<impl Future<Output = ()>> {
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

fn not_empty(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("expected a value that is not empty".into()) } else { Ok(text.to_owned()) }
}
