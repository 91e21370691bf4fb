//! FnF's credentials out of moto's Secrets Manager.

use std::path::Path;
use std::process::Command;

use aws_sdk_secretsmanager::Client as Secrets;
use serde_json::json;
use taskback::core::{Answer, Outcome, Output, Service, TaskToken};
use taskback::testing::direct_event;
use taskback::{Fnf, FnfSecret, Reporter, Settings, aws};
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

/// A client as the handler makes it, whose endpoint comes from the settings.
fn client(url: &str) -> Secrets {
    let settings = Settings::from_vars([("AWS_ENDPOINT_URL_SECRETS_MANAGER".into(), url.into())]).unwrap();
    aws::secrets_manager(&aws::local("http://elsewhere.invalid"), &settings)
}

fn fnf(url: &str, secret: FnfSecret) -> Fnf {
    let client = aliyun_fnf::Client::builder().endpoint(url).credentials_provider(secret);
    Fnf::new(client.build().unwrap())
}

async fn report(fnf: &Fnf, token: &TaskToken) -> Answer {
    let outcome = Outcome::Succeeded(Output::new(&1).unwrap());
    fnf.report(token, &outcome, None, Instant::now() + MINUTE).await
}

fn open(server: &Server) -> TaskToken {
    server.state().open(OpenTask::new(Service::Fnf)).unwrap().token
}

#[tokio::test]
async fn a_rotated_secret_is_read_again_once_it_is_refused() {
    let (moto, server) = (Moto::start().await, Server::bind(Config::default()).await.unwrap());
    let secrets = client(&moto.url);
    secrets.create_secret().name(NAME).secret_string(held(OLD)).send().await.unwrap();
    let fnf = fnf(&server.url(), FnfSecret::read(client(&moto.url), NAME).await.unwrap());
    let token = open(&server);
    let refused = report(&fnf, &token).await;
    assert!(matches!(&refused, Answer::Refused { code: Some(code), .. } if code == "SignatureNotMatch"));

    secrets.put_secret_value().secret_id(NAME).secret_string(held(RIGHT)).send().await.unwrap();
    assert!(matches!(report(&fnf, &token).await, Answer::Accepted { .. }));
}

#[tokio::test]
async fn a_secret_is_read_once_at_start_and_once_for_each_refusal() {
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
        taken.push(matches!(report(&fnf, &token).await, Answer::Accepted { .. }));
        asked.push((secrets.requests().len(), service.requests().len()));
    }
    // What was read at start; the same key, which is not sent again; another one; and that is kept.
    assert_eq!(taken, [true, false, true, true]);
    assert_eq!(asked, [(1, 0), (1, 1), (2, 2), (3, 4), (3, 5)]);
}

#[tokio::test]
async fn what_is_wrong_with_the_secret_is_told_at_start_without_a_value() {
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
async fn the_worker_reports_with_the_secrets_key_and_logs_none_of_it() {
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
async fn the_worker_does_not_start_without_its_secret() {
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
