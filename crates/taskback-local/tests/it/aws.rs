//! Requests to AWS services, with a signer of its own.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::{Digest, Sha256};
use taskback_local::Server;

use crate::client::{Answer, encode, send};

/// A request whose headers can be changed before it is signed.
#[derive(Clone)]
pub(crate) struct AwsCall {
    pub(crate) service: &'static str,
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
    pub(crate) secret: &'static str,
    pub(crate) at: jiff::Timestamp,
}

impl AwsCall {
    pub(crate) fn post(service: &'static str, path: &str, body: impl Into<String>) -> Self {
        Self {
            service,
            method: "POST",
            path: path.to_owned(),
            headers: Vec::new(),
            body: body.into(),
            secret: "taskback-local-secret",
            at: jiff::Timestamp::now(),
        }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(crate) async fn send(&self, server: &Server) -> Option<Answer> {
        let stamp = self.at.strftime("%Y%m%dT%H%M%SZ").to_string();
        let mut signed = self.headers.clone();
        signed.extend([("host", "localhost".to_owned()), ("x-amz-date", stamp.clone())]);
        signed.sort();
        let names = signed.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
        let lines: String = signed.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        // A test writes its query in the order and the form that is signed.
        let (path, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
        let path = encode(path).replace("%2F", "/");
        let (method, body) = (self.method, hash(&self.body));
        let canonical = format!("{method}\n{path}\n{query}\n{lines}\n{names}\n{body}");
        let scope = format!("{}/us-east-1/{}/aws4_request", &stamp[..8], self.service);
        let text = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", hash(&canonical));
        let key = format!("AWS4{}", self.secret).into_bytes();
        let key = scope.split('/').fold(key, |key, part| mac(&key, part));
        let signature = hex(&mac(&key, &text));
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential=taskback-local/{scope}, SignedHeaders={names}, Signature={signature}"
        );
        let headers = self.headers.iter().map(|(name, value)| (*name, value.as_str()));
        let own = [("x-amz-date", stamp.as_str()), ("authorization", authorization.as_str())];
        let headers: Vec<_> = headers.chain(own).collect();
        send(server, &format!("{method} {}", self.path), &headers, &self.body).await
    }
}

/// A call to a service of the protocol awsJson1.0.
pub(crate) fn json_call(service: &'static str, target: &str, body: &Value) -> AwsCall {
    let call = AwsCall::post(service, "/", body.to_string());
    call.header("x-amz-target", target).header("content-type", "application/x-amz-json-1.0")
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hash(text: &str) -> String {
    hex(&Sha256::digest(text))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
