//! Every client through a real proxy and to an authority of its own, and what is said when that fails.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use taskback_local::{Config, OpenTask, OpenedTask, Server, TaskState};

use crate::process::Process;
use crate::python::{Moto, script};
use crate::run::{Ran, at_aws, run_with_stdin};
use crate::serve::setup::create_table;
use taskback::Service;

#[tokio::test]
async fn every_client_uses_the_proxy() {
    let moto = Moto::start().await;
    create_table(&moto.url).await;
    for service in [Service::Swf, Service::Fnf] {
        let mut world = World::start(&moto.url, &[]).await;
        let (ran, opened) = world.invoke(service, |_| {}).await;
        assert_eq!(
            (ran.code, &answer(&ran)["outcome"]),
            (0, &"succeeded".into()),
            "{} {}",
            ran.stdout,
            ran.stderr
        );
        assert_eq!(world.local.state().task(&opened.fingerprint).unwrap().state, TaskState::Succeeded);
        for name in [service.name(), "dynamodb", "steps"] {
            world.proxy.line(&format!("CONNECT {name}.example.test ")).await;
        }
        let tunnels = world.proxy.printed();
        assert!(!tunnels.contains("POST"), "{tunnels}");
    }
}

#[tokio::test]
async fn failures_name_host_and_cause() {
    let moto = Moto::start().await;
    create_table(&moto.url).await;
    let world = World::start(&moto.url, &["--refuse", "swf.example.test"]).await;
    let port = world.port("swf").to_string();
    let place = format!("swf.example.test:{port} through the proxy 127.0.0.1:{}: ", world.proxy_port);
    let wrong_user = format!("http://user:wrong-secret@127.0.0.1:{}", world.proxy_port);
    let cases: [(&str, &str, String); 4] = [
        ("TASKBACK_LEDGER", "memory", format!("{place}the proxy refused the connection")),
        (
            "HTTPS_PROXY",
            &wrong_user,
            "the proxy refused the connection: tunnel error: proxy authorization".into(),
        ),
        ("NO_PROXY", "swf.example.test", format!("swf.example.test:{port}: the name cannot be resolved")),
        ("HTTPS_PROXY", "http://127.0.0.1:9", "the proxy cannot be reached: connection refused".into()),
    ];
    for (name, value, expected) in cases {
        let (ran, opened) = world.invoke(Service::Swf, |command| _ = command.env(name, value)).await;
        let printed = format!("{} {}", ran.stdout, ran.stderr);
        assert!(
            ran.code == 1 && printed.contains(&expected),
            "{name}={value}: {printed}, expected {expected}"
        );
        assert!(!printed.contains("secret") && !printed.contains(opened.token.expose()), "{printed}");
    }
}

#[tokio::test]
async fn unknown_authority_is_named() {
    let moto = Moto::start().await;
    create_table(&moto.url).await;
    let world = World::start(&moto.url, &[]).await;
    let (ran, _) = world.invoke(Service::Swf, |command| _ = command.env_remove("AWS_CA_BUNDLE")).await;
    let printed = format!("{} {}", ran.stdout, ran.stderr);
    assert!(
        printed.contains("invalid peer certificate: UnknownIssuer; AWS_CA_BUNDLE or SSL_CERT_FILE"),
        "{printed}"
    );

    // The other variable, and the file that replaces it.
    let ca = world.ca.to_str().unwrap();
    for (name, file, code) in [("SSL_CERT_FILE", ca, 0), ("SSL_CERT_FILE", "/missing.pem", 2)] {
        let (ran, _) = world
            .invoke(Service::Swf, |command| {
                command.env_remove("AWS_CA_BUNDLE").env(name, file);
            })
            .await;
        assert_eq!(ran.code, code, "{} {}", ran.stdout, ran.stderr);
        assert!(code == 0 || ran.stderr.contains("SSL_CERT_FILE: /missing.pem: "), "{}", ran.stderr);
    }
}

/// The services, a table, a step and a queue behind TLS, and a proxy that is the only way to their names.
struct World {
    local: Server,
    proxy: Process,
    proxy_port: String,
    ports: Vec<(&'static str, String)>,
    ca: PathBuf,
    _tls: Process,
}

impl World {
    async fn start(moto: &str, proxy_args: &[&str]) -> Self {
        let allow_hosts = ["swf", "fnf"].map(|name| format!("{name}.example.test")).into();
        let local = Server::bind(Config { allow_hosts, ..Config::default() }).await.unwrap();
        let ca =
            std::env::temp_dir().join(format!("taskback-ca-{}.pem", local.url().rsplit(':').next().unwrap()));
        let port = |url: &str| url.rsplit(':').next().unwrap().trim_end_matches('/').to_owned();
        let plain = [
            ("swf", port(&local.url())),
            ("fnf", port(&local.url())),
            ("dynamodb", port(moto)),
            ("steps", step()),
        ];
        let mut tls = script("tls_server.py");
        tls.arg(&ca).args(plain.iter().map(|(name, port)| format!("{name}.example.test={port}")));
        let mut tls = Process::start(&mut tls);
        let mut ports = Vec::new();
        for (name, _) in plain {
            let line = tls.line(&format!("{name}.example.test listens on ")).await;
            ports.push((name, line.rsplit(' ').next().unwrap().to_owned()));
        }
        let mut proxy =
            Process::start(script("proxy_server.py").args(["--basic-auth", "user:secret"]).args(proxy_args));
        let line = proxy.line("proxy listens on ").await;
        let proxy_port = line.rsplit(' ').next().unwrap().to_owned();
        Self { local, proxy, proxy_port, ports, ca, _tls: tls }
    }

    fn port(&self, name: &str) -> &str {
        &self.ports.iter().find(|(known, _)| *known == name).unwrap().1
    }

    fn url(&self, name: &str) -> String {
        format!("https://{name}.example.test:{}", self.port(name))
    }

    /// Invokes with a task that is open, with every client at its name.
    async fn invoke(&self, service: Service, change: impl FnOnce(&mut Command)) -> (Ran, OpenedTask) {
        let opened = self.local.state().open(OpenTask::new(service)).unwrap();
        let mut command = at_aws(&["invoke", "--services", "environment", "-e", "-"], "");
        command.envs([
            ("AWS_ENDPOINT_URL_SWF", self.url("swf")),
            ("AWS_ENDPOINT_URL_DYNAMODB", self.url("dynamodb")),
            ("FNF_ENDPOINT", self.url("fnf")),
            ("TASKBACK_STEP", self.url("steps")),
            ("HTTPS_PROXY", format!("http://user:secret@127.0.0.1:{}", self.proxy_port)),
        ]);
        command.envs([
            ("ALIBABA_CLOUD_ACCESS_KEY_ID", "taskback-local"),
            ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "taskback-local-secret"),
            ("TASKBACK_LEDGER", "dynamodb:tasks"),
            ("RUST_LOG", "warn"),
        ]);
        command.env("AWS_CA_BUNDLE", &self.ca);
        change(&mut command);
        let event =
            json!({"service": service.name(), "taskToken": opened.token.expose(), "input": {}}).to_string();
        let ran = tokio::task::spawn_blocking(move || run_with_stdin(&mut command, &event)).await.unwrap();
        (ran, opened)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _removed = std::fs::remove_file(&self.ca);
    }
}

fn answer(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{} {}", ran.stdout, ran.stderr))
}

/// An endpoint of steps whose every output is `{}`; returns its port.
fn step() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut connection in listener.incoming().map_while(Result::ok) {
            let mut head = [0; 4096];
            let _read = connection.read(&mut head);
            let _sent = connection.write_all(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}",
            );
        }
    });
    port.to_string()
}
