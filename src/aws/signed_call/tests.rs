use std::collections::VecDeque;
use std::sync::Mutex;

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::aws::Unsent;

/// Returns these keys, one after the other, and hangs when there are none left.
#[derive(Debug)]
struct Source(Mutex<VecDeque<&'static str>>);

impl ProvideCredentials for Source {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let next = self.0.lock().unwrap().pop_front();
        future::ProvideCredentials::new(async move {
            match next {
                Some(key) => {
                    Ok(Credentials::new(key, "secret", Some(format!("token-of-{key}")), None, "test"))
                }
                None => std::future::pending().await,
            }
        })
    }
}

fn calls<const N: usize>(keys: [&'static str; N]) -> SignedCalls {
    let cache = CredentialCache::new(SharedCredentialsProvider::new(Source(Mutex::new(keys.into()))));
    SignedCalls::new(http::Client::default(), cache)
}

async fn operation(url: &str) -> Operation {
    let client = aws_sdk_swf::Client::new(&crate::aws::local(url));
    let call = client.record_activity_task_heartbeat().task_token("t").customize();
    Operation::capture(|capture| call.interceptor(capture).send()).await.unwrap()
}

/// A server that refuses every key but one, and the heads of its requests.
async fn serve(accepted: &'static str) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let requests = Arc::<Mutex<Vec<String>>>::default();
    let heads = Arc::clone(&requests);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut bytes = Vec::new();
            while stream.read_buf(&mut bytes).await.unwrap() > 0 {
                if !bytes.ends_with(b"\r\n\r\n{}") {
                    continue;
                }
                let text = String::from_utf8(std::mem::take(&mut bytes)).unwrap();
                let refusal = r#"{"__type":"ExpiredTokenException"}"#;
                let (status, body) = if text.contains(accepted) { (200, "{}") } else { (400, refusal) };
                heads.lock().unwrap().push(text);
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status} X\r\nx-amzn-requestid: id\r\ncontent-length: {length}\r\n\r\n{body}"
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    });
    (url, requests)
}

async fn send(calls: &SignedCalls, url: &str) -> Result<u16, Unanswered> {
    let deadline = Instant::now() + Duration::from_secs(8);
    let answer = calls.send(&operation(url).await, &Bytes::from_static(b"{}"), deadline).await;
    answer.map(|answer| answer.status)
}

#[tokio::test]
async fn refused_credentials_are_refreshed_and_sent() {
    let (url, requests) = serve("Credential=second/").await;
    let calls = calls(["first", "second"]);
    assert_eq!(send(&calls, &url).await.unwrap(), 200);
    assert_eq!(send(&calls, &url).await.unwrap(), 200);
    let requests = requests.lock().unwrap();
    let keys = ["first", "second", "second"];
    assert_eq!(requests.len(), keys.len());
    for (request, key) in requests.iter().zip(keys) {
        assert!(request.contains(&format!("Credential={key}/")), "{request}");
        assert!(request.contains(&format!("x-amz-security-token: token-of-{key}\r\n")), "{request}");
    }
}

#[tokio::test]
async fn refusal_of_other_credentials_is_the_answer() {
    let (url, requests) = serve("Credential=none/").await;
    assert_eq!(send(&calls(["first", "second", "third"]), &url).await.unwrap(), 400);
    assert_eq!(requests.lock().unwrap().len(), 2);
    // The source has no others.
    assert_eq!(send(&calls(["same", "same"]), &url).await.unwrap(), 400);
    assert_eq!(requests.lock().unwrap().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn hanging_credentials_end_as_unsent() {
    let start = Instant::now();
    let error = send(&calls([]), "http://127.0.0.1:9").await.unwrap_err();
    assert!(matches!(error, Unanswered::Unsent(Unsent::CredentialsLate(_))), "{error:?}");
    // Half of the call's time: the caller learns that nothing was sent.
    assert_eq!(start.elapsed(), Duration::from_secs(4));
}

#[tokio::test]
async fn debug_shows_no_credentials() {
    let shown = format!("{:?} {:?}", calls(["first"]), operation("http://127.0.0.1:9").await);
    assert!(!shown.contains("first") && !shown.contains("taskback-local"), "{shown}");
}
