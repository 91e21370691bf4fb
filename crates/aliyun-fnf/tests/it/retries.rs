use std::sync::atomic::{AtomicUsize, Ordering};

use aliyun_fnf::reqsign_aliyun_oss::Credential;
use aliyun_fnf::reqsign_core::{Context, ProvideCredential, Result};
use aliyun_fnf::{Client, Credentials, ErrorKind, ReportTaskSucceeded};

use crate::server::{KEY_ID, REPORTED, Reply, SECRET, Server, TOKEN, fixed_clock, ok, refusal};

/// One hour after the fixed clock.
const DATE: &str = "Date: Thu, 02 Jan 2025 04:04:05 GMT\r\n";

fn skewed(headers: &'static str) -> Reply {
    let body = r#"{"Code":"RequestTimeTooSkewed","Message":"m","RequestId":"R"}"#;
    Reply::Answer(403, headers, body.to_owned())
}

async fn report(client: &Client) -> std::result::Result<(), ErrorKind> {
    client.call(ReportTaskSucceeded::new(TOKEN, "{}")).await.map(drop).map_err(|error| error.kind())
}

#[tokio::test]
async fn wrong_clock_is_corrected_once() {
    let server = Server::start(vec![skewed(DATE), ok(REPORTED), ok(REPORTED)]).await;
    let client = server.builder().clock(fixed_clock).build().unwrap();
    assert_eq!(report(&client).await, Ok(()));
    assert_eq!(report(&client).await, Ok(()));
    let seen = server.seen();
    let times: Vec<_> = seen.iter().map(|request| request.param("Timestamp").unwrap()).collect();
    assert_eq!(times, ["2025-01-02T03:04:05Z", "2025-01-02T04:04:05Z", "2025-01-02T04:04:05Z"]);
    assert!(seen.iter().all(|request| request.is_signed_with(SECRET)));
}

#[tokio::test]
async fn every_attempt_has_its_nonce() {
    let server = Server::start(vec![skewed(DATE), ok(REPORTED)]).await;
    report(&server.builder().clock(fixed_clock).build().unwrap()).await.unwrap();
    let nonces: Vec<_> = server.seen().iter().map(|seen| seen.param("SignatureNonce").unwrap()).collect();
    assert_ne!(nonces[0], nonces[1]);
    assert!(nonces.iter().all(|nonce| nonce.len() == 32));
}

#[tokio::test]
async fn uncorrectable_clock_is_an_error() {
    let server = Server::start(vec![skewed(DATE), skewed(DATE)]).await;
    let client = server.builder().clock(fixed_clock).build().unwrap();
    assert_eq!(report(&client).await, Err(ErrorKind::Skewed));
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn unusable_date_corrects_nothing() {
    let same = "Date: Thu, 02 Jan 2025 03:04:05 GMT\r\n";
    for headers in ["", "Date: yesterday\r\n", same] {
        let server = Server::start(vec![skewed(headers)]).await;
        let client = server.builder().clock(fixed_clock).build().unwrap();
        assert_eq!(report(&client).await, Err(ErrorKind::Skewed));
        assert_eq!(server.seen().len(), 1, "{headers}");
    }
}

/// A provider of numbered keys, up to `last`.
#[derive(Debug)]
struct Rotating {
    given: AtomicUsize,
    last: usize,
}

impl ProvideCredential for Rotating {
    type Credential = Credential;

    async fn provide_credential(&self, _: &Context) -> Result<Option<Credential>> {
        let number = self.given.fetch_add(1, Ordering::SeqCst).min(self.last);
        Ok(Some(Credential {
            access_key_id: format!("key-{number}"),
            access_key_secret: format!("secret-{number}"),
            ..Credential::default()
        }))
    }
}

fn rotating(server: &Server, last: usize) -> Client {
    let provider = Rotating { given: AtomicUsize::new(0), last };
    Client::builder().endpoint(&server.endpoint).credentials_provider(provider).build().unwrap()
}

#[tokio::test]
async fn rejected_credentials_are_refreshed_once() {
    for code in ["InvalidAccessKeyID", "SignatureNotMatch", "AccessDenied"] {
        let server = Server::start(vec![refusal(403, code), ok(REPORTED), ok(REPORTED)]).await;
        let client = rotating(&server, 9);
        assert_eq!(report(&client).await, Ok(()), "{code}");
        assert_eq!(report(&client).await, Ok(()), "{code}");
        let seen = server.seen();
        assert!(seen[0].is_signed_with("secret-0"));
        assert!(seen[1].is_signed_with("secret-1"));
        assert!(seen[2].is_signed_with("secret-1"), "the new ones are cached");
    }
}

#[tokio::test]
async fn credentials_rejected_again_are_an_error() {
    let server = Server::start(vec![refusal(403, "AccessDenied"), refusal(403, "AccessDenied")]).await;
    assert_eq!(report(&rotating(&server, 9)).await, Err(ErrorKind::Denied));
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn same_credentials_are_not_resent() {
    let server = Server::start(vec![refusal(403, "AccessDenied")]).await;
    assert_eq!(report(&rotating(&server, 0)).await, Err(ErrorKind::Denied));
    let fixed = Server::start(vec![refusal(403, "SignatureNotMatch")]).await;
    assert_eq!(report(&fixed.client()).await, Err(ErrorKind::Denied));
    assert_eq!((server.seen().len(), fixed.seen().len()), (1, 1));
}

#[tokio::test]
async fn own_credentials_are_not_refreshed() {
    let server = Server::start(vec![ok(REPORTED), refusal(403, "InvalidAccessKeyID")]).await;
    let client = rotating(&server, 9);
    let own = || Credentials::new(KEY_ID, SECRET).security_token("sts");
    let call = || client.call(ReportTaskSucceeded::new(TOKEN, "{}")).credentials(own());
    assert!(call().await.is_ok());
    assert_eq!(call().await.unwrap_err().kind(), ErrorKind::Denied);
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    assert!(seen[0].is_signed_with(SECRET));
    assert_eq!(seen[0].param("SecurityToken").as_deref(), Some("sts"));
    assert_eq!(seen[0].param("AccessKeyId").as_deref(), Some(KEY_ID));
}

#[tokio::test]
async fn both_corrections_fit_one_call() {
    let server = Server::start(vec![skewed(DATE), refusal(403, "AccessDenied"), ok(REPORTED)]).await;
    let provider = Rotating { given: AtomicUsize::new(0), last: 9 };
    let builder = Client::builder().endpoint(&server.endpoint).credentials_provider(provider);
    assert_eq!(report(&builder.clock(fixed_clock).build().unwrap()).await, Ok(()));
    assert_eq!(server.seen().len(), 3);
}
