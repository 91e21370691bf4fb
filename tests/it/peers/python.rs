//! The Python peers: the scripts of `tests/peers`, moto, and the emulator that comes with SAM.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::process::Process;

/// The workspace's folder. The tests of `taskback-cli` use this file too.
fn root() -> &'static Path {
    let mut above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    above.find(|path| path.join("Cargo.lock").exists()).unwrap()
}

/// A path in the virtual environment that `tests/run` creates.
fn venv(path: &str) -> PathBuf {
    let own = || root().join("target/venv");
    let venv = std::env::var_os("TASKBACK_VENV").map_or_else(own, PathBuf::from);
    let path = venv.join(path);
    assert!(path.exists(), "{} is not there: tests/run installs the Python peers", path.display());
    path
}

/// A script of `tests/peers` as a command.
pub(crate) fn script(name: &str) -> Command {
    let mut command = Command::new(venv("bin/python"));
    command.env_clear().env("PYTHONDONTWRITEBYTECODE", "1").arg(root().join("tests/peers").join(name));
    command
}

/// The words of a command that runs a handler of `tests/peers` under awslambdaric, the Lambda runtime of Python.
pub(crate) fn handler(name: &str) -> Vec<String> {
    let peers = root().join("tests/peers");
    let python = venv("bin/python");
    let path = format!("PYTHONPATH={}", peers.display());
    let words = [
        "/usr/bin/env",
        &path,
        "PYTHONDONTWRITEBYTECODE=1",
        python.to_str().unwrap(),
        "-m",
        "awslambdaric",
        name,
    ];
    words.map(str::to_owned).to_vec()
}

/// Runs a script of `tests/peers` and returns the JSON lines that it prints.
pub(crate) async fn run(script: &str, arguments: &[&str], stdin: &str) -> Vec<Value> {
    let mut command = self::script(script);
    command.args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let stdin = stdin.to_owned();
    // On its own thread, since this one may serve the script's requests.
    let ended = tokio::task::spawn_blocking(move || {
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    });
    let output = ended.await.unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A moto server with its own state.
pub(crate) struct Moto {
    pub(crate) url: String,
    _process: Process,
}

impl Moto {
    pub(crate) async fn start() -> Self {
        Self::start_at("0").await
    }

    /// A server that knows its port: its state machines call its own queues and topics.
    pub(crate) async fn start_at_known_port() -> Self {
        Self::start_at(&known_port().to_string()).await
    }

    async fn start_at(port: &str) -> Self {
        let mut command = Command::new(venv("bin/moto_server"));
        command.env_clear().env("PYTHONUNBUFFERED", "1").args(["-H", "127.0.0.1", "-p", port]);
        let mut process = Process::start(&mut command);
        let line = process.line("Running on http://").await;
        let url = line.split("Running on ").nth(1).unwrap().trim().to_owned();
        Self { url, _process: process }
    }
}

/// A port that is free, below those that Linux gives to whatever asks for any port: none of them takes it meanwhile.
fn known_port() -> u16 {
    let offset = u16::try_from(std::process::id() % 10_000).unwrap();
    let mut ports = (0..10_000).map(|index| 20_000 + (offset + index) % 10_000);
    ports.find(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a port is free")
}

/// Lambda's Runtime Interface Emulator for this machine's processor.
pub(super) fn emulator() -> PathBuf {
    let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    let python = std::fs::read_dir(venv("lib")).unwrap().next().unwrap().unwrap().file_name();
    let packages = format!("lib/{}/site-packages", python.to_str().unwrap());
    venv(&format!("{packages}/samcli/local/rapid/aws-lambda-rie-{arch}"))
}
