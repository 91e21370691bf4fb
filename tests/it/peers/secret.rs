//! FnF credentials from moto's Secrets Manager.

use std::path::Path;
use std::process::Command;

use aws_sdk_secretsmanager::Client as Secrets;
use serde_json::json;
use taskback::testing::direct_event;
use taskback::{
    Clients, Fnf, FnfSecret, Outcome, Output, ReportRequest, Reporter, Service, ServiceResponse, Settings,
    TaskToken, aws,
};
use taskback_local::{Config, OpenTask, Server};
use tokio::time::Instant;

use super::python::Moto;
use crate::lambda::{function, runtime_api::RuntimeApi};
use crate::process::Process;
use crate::secrets::assert_hidden;
use crate::support::MINUTE;
use crate::wire::server::{self as wire, Reply};

const RIGHT: &str = "taskback-local-secret";
const OLD: &str = "an-access-key-secret-that-was-rotated";
const NAME: &str = "fnf/worker";

fn held(secret: &str) -> String {
    json!({"accessKeyId": "taskback-local", "accessKeySecret": secret}).to_string()
}

/// A client with an endpoint from the settings, as the handler builds it.
fn client(url: &str) -> Secrets {
    let settings = Settings::from_vars([("AWS_ENDPOINT_URL_SECRETS_MANAGER".into(), url.into())]).unwrap();
    Clients::from_sdk_config(aws::local("http://elsewhere.invalid"), &settings).secrets()
}

fn fnf(url: &str, secret: FnfSecret) -> Fnf {
    let client = aliyun_fnf::Client::builder().endpoint(url).credentials_provider(secret);
    Fnf::new(client.build().unwrap())
}

async fn report(fnf: &Fnf, token: &TaskToken) -> ServiceResponse {
    let outcome = Outcome::Succeeded(Output::new(&1).unwrap());
    let deadline = Instant::now() + MINUTE;
    fnf.report(ReportRequest { token, outcome: &outcome, permit: None, deadline }).await
}

fn open(server: &Server) -> TaskToken {
    server.state().open(OpenTask::new(Service::Fnf)).unwrap().token
}

#[tokio::test]
async fn rotated_secret_is_read_after_refusal() {
    let (moto, server) = (Moto::start().await, Server::bind(Config::default()).await.unwrap());
    let secrets = client(&moto.url);
    secrets.create_secret().name(NAME).secret_string(held(OLD)).send().await.unwrap();
    let fnf = fnf(&server.url(), FnfSecret::read(client(&moto.url), NAME).await.unwrap());
    let token = open(&server);
    let refused = report(&fnf, &token).await;
    assert!(
        matches!(&refused, ServiceResponse::Refused { code: Some(code), .. } if code == "SignatureNotMatch")
    );

    secrets.put_secret_value().secret_id(NAME).secret_string(held(RIGHT)).send().await.unwrap();
    assert!(matches!(report(&fnf, &token).await, ServiceResponse::Accepted { .. }));
}

#[tokio::test]
async fn secret_is_read_at_start_and_after_refusals() {
    let read = |secret: &str| Reply::http(200, "", &json!({"SecretString": held(secret)}).to_string());
    let refused = || Reply::http(403, "", r#"{"Code":"InvalidAccessKeyID","Message":"m","RequestId":"r"}"#);
    let accepted = || Reply::accepted(Service::Fnf);
    let secrets = wire::Server::start([read(OLD), read(OLD), read(RIGHT)]).await;
    let service = wire::Server::start([accepted(), refused(), refused(), accepted(), accepted()]).await;
    let fnf = fnf(&service.url, FnfSecret::read(client(&secrets.url), NAME).await.unwrap());
    let token = TaskToken::new(Service::Fnf, "t").unwrap();
    let mut asked = vec![(secrets.requests().len(), service.requests().len())];
    let mut taken = Vec::new();
    for _ in 0..4 {
        taken.push(matches!(report(&fnf, &token).await, ServiceResponse::Accepted { .. }));
        asked.push((secrets.requests().len(), service.requests().len()));
    }
    // The key read at start; the same key again, which is not resent; a new key; the new key, without another
    // read.
    assert_eq!(taken, [true, false, true, true]);
    assert_eq!(asked, [(1, 0), (1, 1), (2, 2), (3, 4), (3, 5)]);
}

#[tokio::test]
async fn invalid_secret_is_named_without_value() {
    let denied = r#"{"__type":"AccessDeniedException","Message":"User arn:aws:iam::123:user/x is not"}"#;
    for (reply, wanted) in [
        (Reply::http(400, "", denied), "the secret could not be read: AccessDeniedException"),
        (Reply::Reset, "the secret could not be read: no answer"),
        (Reply::http(200, "", r#"{"SecretBinary":"aGlkZGVu"}"#), "the secret is binary, and must be text"),
        (Reply::http(200, "", r#"{"SecretString":"hidden"}"#), "the secret is no JSON object"),
        (
            Reply::http(200, "", r#"{"SecretString":"{\"accessKeyId\":\"hidden\"}"}"#),
            "the secret has no accessKeySecret",
        ),
    ] {
        let server = wire::Server::start([reply]).await;
        let error = FnfSecret::read(client(&server.url), NAME).await.unwrap_err().to_string();
        assert_eq!(error, format!("FNF_SECRET_ID: {wanted}"));
    }
}

#[tokio::test]
async fn worker_signs_with_secret_and_logs_none() {
    let (moto, server) = (Moto::start().await, Server::bind(Config::default()).await.unwrap());
    let secrets = client(&moto.url);
    secrets.create_secret().name(NAME).secret_string(held(RIGHT)).send().await.unwrap();
    let mut api = RuntimeApi::start().await;
    let mut process = Process::start(&mut worker(&api, &server, &moto));
    for _ in 0..3 {
        let token = open(&server);
        let input = json!({"cardNumber": "4111 1111 1111 1111"});
        let body = json!({"service": "fnf", "taskToken": token.expose(), "input": input});
        api.invoke("direct", &direct_event(&body.to_string()), MINUTE);
        assert_eq!(api.answer().await.body["receipt"], "recorded", "{}", process.printed());
        process.line(&token.fingerprint().hex()[..8]).await;
        assert_hidden(&format!("{}\n\n\n", process.printed()), [RIGHT, token.expose()]);
    }
}

#[tokio::test]
async fn worker_needs_its_secret_to_start() {
    let (moto, server) = (Moto::start().await, Server::bind(Config::default()).await.unwrap());
    let api = RuntimeApi::start().await;
    let (status, printed) = Process::start(&mut worker(&api, &server, &moto)).end().await;
    assert!(!status.success());
    assert!(
        printed.contains("FNF_SECRET_ID: the secret could not be read: ResourceNotFoundException"),
        "{printed}"
    );
}

fn worker(api: &RuntimeApi, server: &Server, moto: &Moto) -> Command {
    let mut command = function(Path::new(env!("CARGO_BIN_EXE_worker")), &api.address, &server.url());
    command.env_remove("ALIBABA_CLOUD_ACCESS_KEY_ID").env_remove("ALIBABA_CLOUD_ACCESS_KEY_SECRET");
    command.env("FNF_SECRET_ID", NAME).env("AWS_ENDPOINT_URL_SECRETS_MANAGER", &moto.url);
    command
}
