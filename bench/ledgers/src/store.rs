//! The stores, each started for its measurements.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::pin::Pin;
use std::process::{Child, Command, Stdio};

use taskback::ledger::SqlLedger;
use taskback::{Clients, Settings};

use crate::Result;
use crate::process::Of;

/// A running store. Its server ends with its standard input, hence with this process.
pub struct Store {
    pub name: &'static str,
    /// The settings of a worker that uses it.
    pub variables: Vec<(&'static str, String)>,
    pub connections: Of,
    _server: Option<Child>,
}

type Starting<'a> = Pin<Box<dyn Future<Output = Result<Store>> + 'a>>;

pub const ALL: [for<'a> fn(&'a Path) -> Starting<'a>; 5] = [
    |_| Box::pin(async { memory() }),
    |work| Box::pin(sqlite(work)),
    |_| Box::pin(database("MariaDB", "mariadb")),
    |_| Box::pin(database("PostgreSQL", "postgres")),
    |_| Box::pin(async { dynamodb() }),
];

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

fn memory() -> Result<Store> {
    let variables = vec![("TASKBACK_LEDGER", "memory".to_owned())];
    Ok(Store { name: "memory", variables, connections: Of::Nothing, _server: None })
}

async fn sqlite(work: &Path) -> Result<Store> {
    let path = work.canonicalize()?.join("ledger.sqlite");
    for ending in ["", "-wal", "-shm"] {
        std::fs::remove_file(format!("{}{ending}", path.display())).ok();
    }
    let path = path.display().to_string();
    let url = format!("sqlite:{path}");
    make_tables(&url).await?;
    let variables = vec![("TASKBACK_LEDGER", url)];
    Ok(Store { name: "SQLite", variables, connections: Of::File(path), _server: None })
}

async fn database(name: &'static str, kind: &str) -> Result<Store> {
    let script = format!("{ROOT}/tests/peers/database.py");
    let (server, url) = start(Command::new("python3").args([&script, kind]))?;
    make_tables(&url).await?;
    let variables = vec![("TASKBACK_LEDGER", url.clone())];
    Ok(Store { name, variables, connections: Of::Port(port(&url)?), _server: Some(server) })
}

fn dynamodb() -> Result<Store> {
    let python = format!("{ROOT}/target/venv/bin/python");
    let (server, url) = start(Command::new(&python).arg(format!("{ROOT}/tests/peers/dynamodb.py")))?;
    let table = concat!(env!("CARGO_MANIFEST_DIR"), "/table.py");
    if !Command::new(&python).args([table, &url]).status()?.success() {
        return Err("no table in moto".into());
    }
    let connections = Of::Port(port(&url)?);
    let variables =
        vec![("TASKBACK_LEDGER", "dynamodb:ledger".to_owned()), ("AWS_ENDPOINT_URL_DYNAMODB", url)];
    Ok(Store { name: "DynamoDB (moto)", variables, connections, _server: Some(server) })
}

async fn make_tables(url: &str) -> Result<()> {
    let settings = Settings::from_vars([("TASKBACK_LEDGER".to_owned(), url.to_owned())])?;
    let ledger =
        SqlLedger::open(&Clients::without_aws(&settings)).ok_or("the store has no tables to make")?;
    Ok(ledger.init().await?)
}

/// Starts a server that prints its URL as its first word.
fn start(command: &mut Command) -> Result<(Child, String)> {
    let mut server = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut url = String::new();
    BufReader::new(server.stdout.take().ok_or("no output")?).read_line(&mut url)?;
    let url = url.split_whitespace().next().ok_or("a server does not start")?.to_owned();
    Ok((server, url))
}

fn port(url: &str) -> Result<u16> {
    let address = url.rsplit('@').next().unwrap_or(url).trim_start_matches("http://");
    let port = address.split(['/', '?']).next().and_then(|address| address.rsplit(':').next());
    Ok(port.ok_or("no port")?.parse()?)
}
