//! Requests that the official Python SDK built with a fixed key, clock and nonce.

use std::fs;
use std::path::{Path, PathBuf};

use aliyun_fnf::{Client, Credentials, DescribeExecution, ReportTaskSucceeded, StartExecution, sign};

use crate::server::{KEY_ID, REPORTED, Request, SECURITY_TOKEN, Server, fixed_clock, ok};

const TOKEN: &str =
    "djEjYSNkZTdkYWZjMi0zMGRlLTRlMDMtOTA2OC0yMTMxYmM5NGJlZTIjNSMvV1ZHYks3RTc0WUsra25nQTNYSmtFa0t6+/==";

struct Case(PathBuf);

impl Case {
    fn all() -> Vec<Case> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sign");
        let cases: Vec<Case> =
            fs::read_dir(folder).unwrap().map(|entry| Case(entry.unwrap().path())).collect();
        assert!(cases.len() >= 3, "cases are missing");
        cases
    }

    fn name(&self) -> &str {
        self.0.file_name().unwrap().to_str().unwrap()
    }

    fn file(&self, name: &str) -> String {
        let text = fs::read_to_string(self.0.join(name));
        let text = text.unwrap_or_else(|error| panic!("{} of {}: {error}", name, self.name()));
        text.strip_suffix('\n').unwrap().to_owned()
    }

    fn body(&self) -> String {
        if self.0.join("body").exists() { self.file("body") } else { String::new() }
    }
}

#[test]
fn signature_steps_match_the_official_sdk() {
    for case in Case::all() {
        let params = case.file("params");
        let params = params.lines().map(|line| line.split_once(' ').unwrap());
        let query = sign::canonical_query(params);
        assert_eq!(query, case.file("canonical_query"), "{}", case.name());
        let text = sign::string_to_sign(&case.file("method"), &query);
        assert_eq!(text, case.file("string_to_sign"), "{}", case.name());
        let secret = case.file("access_key_secret");
        assert_eq!(sign::signature(&secret, &text), case.file("signature"), "{}", case.name());
        assert!(sign::verify(&secret, &text, &case.file("signature")), "{}", case.name());
    }
}

#[tokio::test]
async fn request_matches_the_official_sdk() {
    for case in Case::all() {
        let request = sent(&case).await;
        assert_eq!(request.line, case.file("request_line"), "{}", case.name());
        assert_eq!(request.body, case.body(), "{}", case.name());
        let mut headers: Vec<_> =
            request.headers.iter().filter(|header| !header.starts_with("host: ")).cloned().collect();
        headers.sort();
        assert_eq!(headers.join("\n"), case.file("headers"), "{}", case.name());
    }
}

async fn sent(case: &Case) -> Request {
    let server = Server::start(vec![ok(REPORTED)]).await;
    let keys = Credentials::new(KEY_ID, case.file("access_key_secret"));
    let client = |keys| {
        Client::builder()
            .endpoint(&server.endpoint)
            .credentials(keys)
            .user_agent("fnf-golden")
            .clock(fixed_clock)
            .nonce(|| "0123456789abcdef0123456789abcdef".to_owned())
            .build()
            .unwrap()
    };
    match case.name() {
        "report_task_succeeded_unicode" => {
            let output = r#"{"msg":"héllo 世界 🚀 a+b*c~d/e&f=g%","n":1}"#;
            client(keys).call(ReportTaskSucceeded::new(TOKEN, output)).await.map(drop)
        }
        "start_execution_temporary" => {
            let request = StartExecution::new("my_flow")
                .execution_name("exec-0001")
                .input(r#"{"key":"value"}"#)
                .callback_task_token(TOKEN);
            client(keys.security_token(SECURITY_TOKEN)).call(request).await.map(drop)
        }
        "describe_execution_get" => {
            let request = DescribeExecution::new("my_flow", "exec-0001").wait_seconds(20);
            client(keys).call(request).await.map(drop)
        }
        other => panic!("no call for the case {other}"),
    }
    .unwrap();
    server.seen().remove(0)
}
