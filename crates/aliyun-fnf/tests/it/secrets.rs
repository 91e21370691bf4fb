use std::fmt::Debug;
use std::time::Duration;

use aliyun_fnf::{
    Client, Credentials, Error, ReportTaskFailed, ReportTaskSucceeded, StartExecution, StopExecution, sign,
};

use crate::server::{KEY_ID, Reply, SECRET, SECURITY_TOKEN, Server, TOKEN, answer};

fn hides(shown: &str) {
    for secret in [TOKEN, KEY_ID, SECRET, SECURITY_TOKEN, "the-output", "the-input", "the-cause"] {
        let once = sign::enc(secret);
        for form in [secret, &once, &sign::enc(&once), &secret[..12.min(secret.len())]] {
            assert!(!shown.contains(form), "{form} is in {shown}");
        }
    }
    assert!(!shown.contains("Signature="), "{shown}");
}

fn hidden(value: impl Debug) {
    hides(&format!("{value:?} {value:#?}"));
}

fn keys() -> Credentials {
    Credentials::new(KEY_ID, SECRET).security_token(SECURITY_TOKEN)
}

fn assert_hidden(error: &Error) {
    hides(&format!("{error} {error:?} {error:#?} {}", error.message()));
}

#[test]
fn debug_of_values_hides_secrets() {
    hidden(keys());
    let builder = || Client::builder().region("cn-hangzhou").credentials(keys());
    hidden(builder());
    let client = builder().build().unwrap();
    hidden(&client);
    hidden(ReportTaskSucceeded::new(TOKEN, "the-output"));
    hidden(ReportTaskFailed::new(TOKEN, "E").cause("the-cause"));
    hidden(StartExecution::new("f").input("the-input").callback_task_token(TOKEN));
    hidden(StopExecution::new("f", "e").cause("the-cause"));
}

#[tokio::test]
async fn debug_of_a_call_hides_secrets() {
    let client = Client::builder().region("cn-hangzhou").credentials(keys()).build().unwrap();
    hidden(client.call(ReportTaskSucceeded::new(TOKEN, "the-output")).credentials(keys()));
}

#[test]
fn settings_error_hides_secrets() {
    for endpoint in [format!("https://u:{SECRET}@host"), format!("http://h/{TOKEN}"), SECRET.repeat(9)] {
        let built = Client::builder().endpoint(endpoint).allow_http_host("h").user_agent("\n").build();
        assert_hidden(&built.unwrap_err());
    }
}

#[tokio::test]
async fn quoted_request_is_scrubbed() {
    let token = sign::enc(TOKEN);
    let quotes = [
        format!("bad token {TOKEN}"),
        format!("bad token {token} for {KEY_ID} with {SECURITY_TOKEN}"),
        format!("TaskToken={}&SecurityToken={}", sign::enc(&token), sign::enc(&sign::enc(SECURITY_TOKEN))),
        format!("server string to sign is:POST&%2F&AccessKeyId%3D{KEY_ID}%26Output%3Dthe-output"),
        format!("cut off {}", &TOKEN[..30]),
        format!("{SECRET} leaked by an odd server"),
    ];
    for quote in quotes {
        let body = serde_json::json!({"Code": "InvalidArgument", "Message": quote, "RequestId": "R"});
        let server = Server::start(vec![answer(400, &body.to_string())]).await;
        let client = server.builder().credentials(keys()).build().unwrap();
        let error = client.call(ReportTaskSucceeded::new(TOKEN, "{}")).await.unwrap_err();
        assert_hidden(&error);
        assert_eq!(error.code(), Some("InvalidArgument"));
    }
}

/// Codes and ids are not scrubbed; one that contains a secret is dropped.
#[tokio::test]
async fn code_with_a_secret_is_dropped() {
    const TOKEN_OF_LETTERS: &str = "djEjYSNkZTdkYWZjMi0zMGRlLTRlMDMtOTA2OC0yMTMxYmM5NGJlZTIj";
    for (code, id) in [(KEY_ID, "R"), (TOKEN_OF_LETTERS, "R"), ("Odd", KEY_ID), ("Odd", TOKEN_OF_LETTERS)] {
        let body = serde_json::json!({"Code": code, "Message": "m", "RequestId": id});
        let server = Server::start(vec![answer(400, &body.to_string())]).await;
        let client = server.builder().credentials(keys()).build().unwrap();
        let error = client.call(ReportTaskSucceeded::new(TOKEN_OF_LETTERS, "{}")).await.unwrap_err();
        let shown = format!("{error} {error:?} {:?} {:?}", error.code(), error.request_id());
        assert!(!shown.contains(KEY_ID) && !shown.contains(TOKEN_OF_LETTERS), "{shown}");
    }
    // A known code counts, whatever the report says.
    let body = r#"{"Code":"TaskAlreadyCompleted","Message":"m","RequestId":"R"}"#;
    let server = Server::start(vec![answer(400, body)]).await;
    let client = server.builder().credentials(keys()).build().unwrap();
    let request = ReportTaskFailed::new(TOKEN, "E").cause("TaskAlreadyCompleted");
    assert_eq!(client.call(request).await.unwrap_err().code(), Some("TaskAlreadyCompleted"));
}

#[tokio::test]
async fn quoted_signature_is_scrubbed() {
    let message =
        |signature: &str| format!(r#"{{"Code":"X","Message":"got {signature} instead","RequestId":"R"}}"#);
    let fixed = |server: &Server| {
        let builder = server.builder().clock(crate::server::fixed_clock);
        builder.nonce(|| "n".to_owned()).build().unwrap()
    };
    let first = Server::start(vec![answer(400, "")]).await;
    let _ = fixed(&first).call(ReportTaskSucceeded::new(TOKEN, "{}")).await;
    let signature = first.seen()[0].param("Signature").unwrap();
    let second = Server::start(vec![answer(400, &message(&signature))]).await;
    let error = fixed(&second).call(ReportTaskSucceeded::new(TOKEN, "{}")).await.unwrap_err();
    assert_eq!(second.seen()[0].param("Signature").unwrap(), signature);
    assert_eq!(error.message(), "got [hidden] instead");
}

#[tokio::test]
async fn transport_errors_hide_the_request() {
    for reply in
        [Reply::Cut, Reply::Half, Reply::Silence, Reply::Answer(200, "bad header\r\n", String::new())]
    {
        let server = Server::start(vec![reply]).await;
        let builder = server.builder().credentials(keys()).read_timeout(Duration::from_millis(50));
        let client = builder.build().unwrap();
        assert_hidden(&client.call(ReportTaskSucceeded::new(TOKEN, "the-output")).await.unwrap_err());
    }
}
