use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use aliyun_fnf::reqsign_core::StaticEnv;
use aliyun_fnf::{Client, DescribeFlow, Error, ErrorKind};
use tokio::time::Instant;

use crate::server::{Reply, Server, answer, ok};

const FLOW: &str = r#"{"RequestId":"R","Name":"f"}"#;
const TEMPORARY: &str = r#"{"Code":"Success","AccessKeyId":"id","AccessKeySecret":"uri-secret",
    "SecurityToken":"sts","Expiration":"2124-05-25T11:45:17Z"}"#;

/// The official chain in its own environment, without ECS metadata unless set.
fn client(service: &Server, home: Option<PathBuf>, vars: &[(&str, &str)]) -> Client {
    let mut envs: HashMap<String, String> =
        vars.iter().map(|(name, value)| (format!("ALIBABA_CLOUD_{name}"), (*value).to_owned())).collect();
    if !envs.contains_key("ALIBABA_CLOUD_ECS_METADATA_SERVICE_ENDPOINT") {
        envs.insert("ALIBABA_CLOUD_ECS_METADATA_DISABLED".to_owned(), "true".to_owned());
    }
    envs.insert("OSS_ACCESS_KEY_ID".to_owned(), "oss".to_owned());
    envs.insert("OSS_ACCESS_KEY_SECRET".to_owned(), "oss-secret".to_owned());
    let env = StaticEnv { home_dir: home, envs };
    Client::builder().endpoint(&service.endpoint).env(env).build().unwrap()
}

async fn describe(client: &Client) -> Result<(), Error> {
    client.call(DescribeFlow::new("f")).await.map(drop)
}

/// Creates a home folder with files, for one test.
fn home(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let home = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    for (file, text) in files {
        let path = home.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    home
}

const CONFIG: (&str, &str) = (
    ".aliyun/config.json",
    r#"{"current":"p","profiles":[{"name":"p","mode":"AK","access_key_id":"id","access_key_secret":"config-secret"}]}"#,
);
const INI: (&str, &str) = (
    ".alibabacloud/credentials.ini",
    "[default]\ntype = access_key\naccess_key_id = id\naccess_key_secret = ini-secret\n",
);

#[tokio::test]
async fn environment_comes_first() {
    let service = Server::start(vec![ok(FLOW)]).await;
    let vars = [("ACCESS_KEY_ID", "id"), ("ACCESS_KEY_SECRET", "env-secret"), ("SECURITY_TOKEN", "env-sts")];
    describe(&client(&service, Some(home("env", &[CONFIG, INI])), &vars)).await.unwrap();
    assert!(service.seen()[0].is_signed_with("env-secret"));
    assert_eq!(service.seen()[0].param("SecurityToken").as_deref(), Some("env-sts"));
}

#[tokio::test]
async fn oidc_precedes_files() {
    let body = r#"{"Credentials":{"AccessKeyId":"id","AccessKeySecret":"oidc-secret","SecurityToken":"sts",
        "Expiration":"2124-05-25T11:45:17Z"}}"#;
    let sts = Server::start(vec![ok(body)]).await;
    let service = Server::start(vec![ok(FLOW)]).await;
    let home = home("oidc", &[CONFIG, INI, ("token", "jwt")]);
    let token = home.join("token");
    let vars = [
        ("ROLE_ARN", "acs:ram::1:role/r"),
        ("OIDC_PROVIDER_ARN", "acs:ram::1:oidc-provider/p"),
        ("OIDC_TOKEN_FILE", token.to_str().unwrap()),
        ("STS_ENDPOINT", &sts.endpoint),
    ];
    describe(&client(&service, Some(home), &vars)).await.unwrap();
    assert!(service.seen()[0].is_signed_with("oidc-secret"));
    assert_eq!(sts.seen()[0].param("OIDCToken").as_deref(), Some("jwt"));
}

#[tokio::test]
async fn config_json_precedes_credentials_ini() {
    let service = Server::start(vec![ok(FLOW), ok(FLOW)]).await;
    let empty = [("ACCESS_KEY_ID", ""), ("ACCESS_KEY_SECRET", ""), ("ROLE_ARN", "")];
    describe(&client(&service, Some(home("both", &[CONFIG, INI])), &empty)).await.unwrap();
    describe(&client(&service, Some(home("ini", &[INI])), &empty)).await.unwrap();
    assert!(service.seen()[0].is_signed_with("config-secret"));
    assert!(service.seen()[1].is_signed_with("ini-secret"));
}

#[tokio::test]
async fn ecs_role_precedes_uri_and_is_cached() {
    let role = TEMPORARY.replace("uri-secret", "ecs-secret");
    let ecs = Server::start(vec![ok("metadata-token"), ok("role"), ok(&role)]).await;
    let uri = Server::start(vec![]).await;
    let service = Server::start(vec![ok(FLOW), ok(FLOW)]).await;
    let vars = [("ECS_METADATA_SERVICE_ENDPOINT", &*ecs.endpoint), ("CREDENTIALS_URI", &*uri.endpoint)];
    let client = client(&service, None, &vars);
    describe(&client).await.unwrap();
    describe(&client).await.unwrap();
    assert!(service.seen().iter().all(|request| request.is_signed_with("ecs-secret")));
    assert_eq!((ecs.seen().len(), uri.seen().len()), (3, 0));
}

#[tokio::test]
async fn uri_is_used_without_metadata_server() {
    let uri = Server::start(vec![ok(TEMPORARY)]).await;
    let service = Server::start(vec![ok(FLOW)]).await;
    let vars = [("ECS_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1"), ("CREDENTIALS_URI", &*uri.endpoint)];
    describe(&client(&service, None, &vars)).await.unwrap();
    assert!(service.seen()[0].is_signed_with("uri-secret"));
}

#[tokio::test]
async fn hanging_metadata_server_costs_two_seconds() {
    let ecs = Server::start(vec![Reply::Silence, Reply::Silence]).await;
    let service = Server::start(vec![]).await;
    let client = client(&service, None, &[("ECS_METADATA_SERVICE_ENDPOINT", &*ecs.endpoint)]);
    let started = Instant::now();
    let error = describe(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert!(error.message().contains("ECS RAM role: no response in 2s"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn error_names_every_source() {
    let service = Server::start(vec![]).await;
    let error = describe(&client(&service, None, &[])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert!(!error.may_have_been_sent());
    assert_eq!(
        error.message(),
        "no credentials found; environment: none, OIDC: none, config.json: none, credentials.ini: none, \
         ECS RAM role: none, credentials URI: none"
    );
    assert_eq!(service.connections(), 0);
}

#[tokio::test]
async fn source_response_is_not_shown() {
    let uri =
        Server::start(vec![answer(500, "secret-in-the-body"), ok(r#"{"AccessKeySecret":"half"}"#)]).await;
    let service = Server::start(vec![]).await;
    let client = client(&service, None, &[("CREDENTIALS_URI", &format!("{}/?key=in-the-url", uri.endpoint))]);
    for _ in 0..2 {
        let error = describe(&client).await.unwrap_err();
        let shown = format!("{error} {error:?}");
        for secret in ["secret-in-the-body", "half", "in-the-url"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert_eq!(error.kind(), ErrorKind::Credentials);
    }
}

#[tokio::test]
async fn expiring_credentials_are_refreshed() {
    let soon = TEMPORARY.replace("2124-05-25T11:45:17Z", "2025-01-02T03:05:05Z");
    let uri = Server::start(vec![ok(&soon), answer(500, ""), ok(TEMPORARY)]).await;
    let service = Server::start(vec![ok(FLOW), ok(FLOW), ok(FLOW), ok(FLOW)]).await;
    let env = StaticEnv {
        home_dir: None,
        envs: HashMap::from([
            ("ALIBABA_CLOUD_CREDENTIALS_URI".to_owned(), uri.endpoint.clone()),
            ("ALIBABA_CLOUD_ECS_METADATA_DISABLED".to_owned(), "true".to_owned()),
        ]),
    };
    let builder = Client::builder().endpoint(&service.endpoint).env(env).clock(crate::server::fixed_clock);
    let client = builder.build().unwrap();
    // One minute is left: they are used, asked for again, used while that fails, then replaced.
    for _ in 0..4 {
        describe(&client).await.unwrap();
    }
    assert_eq!((uri.seen().len(), service.seen().len()), (3, 4));
}

#[tokio::test]
async fn source_responses_are_limited() {
    let large = format!(r#"{{"x":"{}",{}"#, "x".repeat(2 << 20), &TEMPORARY[1..]);
    let uri = Server::start(vec![ok(&large)]).await;
    let ini = format!("{}{}", INI.1, "#\n".repeat(1 << 20));
    let home = home("large", &[(INI.0, &ini)]);
    let service = Server::start(vec![]).await;
    let error = describe(&client(&service, Some(home), &[("CREDENTIALS_URI", &uri.endpoint)])).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Credentials);
    assert_eq!((uri.seen().len(), service.seen().len()), (1, 0));
}
