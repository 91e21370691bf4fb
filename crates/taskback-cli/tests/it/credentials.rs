//! The command takes credentials from every kind of profile, and says what a profile lacks.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use taskback::Service;
use taskback_local::{Config, OpenTask, Server, TaskState};

use crate::run::{at_aws, run, run_with_stdin};

const PROFILES: &str = "\
[profile process]
credential_process = HOME/credentials.sh
[profile failing]
credential_process = sh -c 'echo the-secret >&2; exit 3'
[profile login]
login_session = arn:aws:iam::123456789012:user/u
[profile unlogged]
login_session = arn:aws:iam::123456789012:user/other
[profile sso]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = Dev
[profile expired]
sso_session = other
sso_account_id = 123456789012
sso_role_name = Dev
[sso-session corp]
sso_start_url = https://corp.example/start
sso_region = us-east-1
[sso-session other]
sso_start_url = https://other.example/start
sso_region = us-east-1
[profile assumes]
role_arn = arn:aws:iam::123456789012:role/R
source_profile = absent
";

#[tokio::test]
async fn every_profile_kind_reports() {
    let home = Home::new("reports");
    let sso = serve_sso();
    for profile in ["process", "login", "sso"] {
        let (printed, state) = invoke(&home, profile, &sso).await;
        assert_eq!(state, TaskState::Succeeded, "{profile}: {printed}");
    }
}

#[tokio::test]
async fn unusable_profiles_say_what_is_missing() {
    let home = Home::new("unusable");
    for (profile, expected) in [
        ("failing", "external process exited with code exit status: 3"),
        ("unlogged", "failed to read `"),
        ("expired", "no usable credentials: failed to load the cached SSO token"),
        ("assumes", "no credentials were found: AWS_PROFILE names no profile with complete credentials"),
        ("missing", "no credentials were found: AWS_PROFILE names no profile with complete credentials"),
    ] {
        let (printed, state) = invoke(&home, profile, "http://127.0.0.1:9").await;
        assert!(printed.contains(expected), "{profile}: {printed}");
        assert!(!printed.contains("the-secret"), "{printed}");
        assert_eq!(state, TaskState::Open);
    }
}

#[test]
fn emulated_queue_needs_its_endpoint() {
    let queue = ["--queue-url", "http://user:secret@127.0.0.1:9/1/q"];
    for args in [
        [&["work"], &queue[..]].concat(),
        [&["poll", "--domain", "d", "--task-list", "l"], &queue[..]].concat(),
        [&["dead-letters", "list", "--ledger", "sqlite:absent"], &queue[..]].concat(),
        [&["dead-letters", "redrive", "--ledger", "sqlite:absent"], &queue[..]].concat(),
    ] {
        let ran = run(at_aws(&args, "").env("TASKBACK_STEP", "verify-card"));
        let expected = "TASKBACK_QUEUE_URL: \"http://127.0.0.1:9\" is not AWS, and the calls would go there; \
                        set AWS_ENDPOINT_URL_SQS or AWS_ENDPOINT_URL";
        assert!(ran.code == 2 && ran.stderr.contains(expected), "{args:?} {}", ran.stderr);
        assert!(!ran.stderr.contains("secret"), "{}", ran.stderr);
    }
}

#[test]
fn queue_name_is_not_a_queue_url() {
    for args in [&["work"][..], &["dead-letters", "list", "--ledger", "sqlite:absent"]] {
        let ran =
            run(at_aws(&[args, &["--queue-url", "tasks"]].concat(), "").env("TASKBACK_STEP", "verify-card"));
        let expected =
            "TASKBACK_QUEUE_URL or --queue-url: invalid value \"tasks\", expected the URL of a queue";
        assert!(ran.code == 2 && ran.stderr.contains(expected), "{args:?} {}", ran.stderr);
    }
}

#[test]
fn blank_in_a_region_is_named() {
    for (name, value) in
        [("AWS_REGION", "us east 1"), ("AWS_REGION", " us-east-1"), ("AWS_DEFAULT_REGION", "us-east-1 ")]
    {
        let mut command = at_aws(&["work", "--queue-url", "https://sqs.test/1/q"], "");
        let ran = run(command.env("TASKBACK_STEP", "verify-card").env(name, value));
        let expected = format!("{name}: contains white space, expected letters, digits and hyphens");
        assert!(ran.code == 2 && ran.stderr.contains(&expected), "{}", ran.stderr);
    }
}

/// Returns what was printed, with warnings, and the state of the task.
async fn invoke(home: &Home, profile: &str, sso: &str) -> (String, TaskState) {
    // The service accepts the key of this profile only.
    let key = match profile {
        "process" => "AKIA1",
        "login" => "AKIA2",
        _ => "AKIA3",
    };
    let keys =
        Config { access_key_id: key.to_owned(), access_key_secret: "s".to_owned(), ..Config::default() };
    let server = Server::bind(keys).await.unwrap();
    let opened = server.state().open(OpenTask::new(Service::Swf)).unwrap();
    let mut command: Command =
        at_aws(&["invoke", "--services", "environment", "-e", "-", "--timeout", "4"], "");
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    command.envs([
        ("AWS_ENDPOINT_URL_SWF", &*server.url()),
        ("AWS_ENDPOINT_URL_SSO", sso),
        ("AWS_PROFILE", profile),
        ("TASKBACK_STEP", "verify-card"),
        ("PATH", "/usr/bin:/bin"),
        ("RUST_LOG", "warn"),
    ]);
    command.env("HOME", &home.0).env("AWS_CONFIG_FILE", home.0.join("config"));
    let event = json!({"service": "swf", "taskToken": opened.token.expose(), "input": {"cardNumber": "4111 1111 1111 1111"}});
    let ran =
        tokio::task::spawn_blocking(move || run_with_stdin(&mut command, &event.to_string())).await.unwrap();
    let state = server.state().task(&opened.fingerprint).unwrap().state;
    (format!("{} {}", ran.stdout, ran.stderr), state)
}

/// A home folder with profiles, their command, and cached tokens.
struct Home(PathBuf);

impl Home {
    fn new(name: &str) -> Self {
        let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("credentials-{name}"));
        let write = |path: &str, text: &str| {
            let path = home.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("config", &PROFILES.replace("HOME", home.to_str().unwrap()));
        let keys = r#"{"Version": 1, "AccessKeyId": "AKIA1", "SecretAccessKey": "s", "SessionToken": "t"}"#;
        write("credentials.sh", &format!("#!/bin/sh\necho '{keys}'\n"));
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(home.join("credentials.sh"), executable).unwrap();
        // The names are the digests of session names, as the AWS CLI has them.
        let session =
            json!({"accessToken": "sso-token", "expiresAt": "2999-01-01T00:00:00Z", "region": "us-east-1"});
        write(".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json", &session.to_string());
        let login = json!({
            "accessToken": {
                "accessKeyId": "AKIA2", "secretAccessKey": "s", "sessionToken": "t", "accountId": "123456789012",
                "expiresAt": "2999-01-01T00:00:00Z",
            },
            "tokenType": "aws_sigv4", "refreshToken": "r", "idToken": "i", "dpopKey": "k",
            "clientId": "arn:aws:signin:::devtools/same-device",
        });
        write(
            ".aws/login/cache/88929adfce05bf7ccf2ae7272cfbb0b23141302ba0339a173f53232e95660515.json",
            &login.to_string(),
        );
        Self(home)
    }
}

/// The portal of IAM Identity Center, which exchanges the cached token for keys; returns its URL.
fn serve_sso() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut connection in listener.incoming().map_while(Result::ok) {
            let head: Vec<_> = BufReader::new(&connection)
                .lines()
                .map_while(Result::ok)
                .take_while(|line| !line.is_empty())
                .collect();
            assert!(head[0].starts_with("GET /federation/credentials?"), "{head:?}");
            assert!(head.contains(&"x-amz-sso_bearer_token: sso-token".to_owned()), "{head:?}");
            let keys = json!({"roleCredentials": {
                "accessKeyId": "AKIA3", "secretAccessKey": "s", "sessionToken": "t", "expiration": 32_503_680_000_000_u64,
            }})
            .to_string();
            let length = keys.len();
            let _sent = write!(
                connection,
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{keys}"
            );
        }
    });
    url
}
