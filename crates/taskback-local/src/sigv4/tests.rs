use std::fs;
use std::path::Path;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::*;

const SWF: Scheme = Scheme { signing_name: "swf", status: StatusCode::BAD_REQUEST };
const LAMBDA: Scheme = Scheme { signing_name: "lambda", status: StatusCode::FORBIDDEN };

/// A request as botocore signed it, in a file of `tests/sigv4`, without headers that were not signed.
fn recorded(name: &str) -> (Request, Vec<u8>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sigv4").join(name);
    let text = fs::read_to_string(path).unwrap();
    let (head, body) = text.split_once("\n\n").unwrap();
    let mut lines = head.lines();
    let [method, target, _] = lines.next().unwrap().split(' ').collect::<Vec<_>>()[..] else {
        panic!("{head}")
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers = lines.map(|line| line.split_once(": ").unwrap());
    let headers = headers
        .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap()));
    let request = Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        target_host: None,
        headers: headers.collect::<HeaderMap>(),
        body: None,
    };
    (request, body.as_bytes().to_vec())
}

fn verify(request: &Request, body: &[u8], scheme: Scheme, at: &str) -> Result<(), Refusal> {
    SigV4::new(&Config::default()).verify(request, body, scheme, at.parse().unwrap())
}

fn code(result: Result<(), Refusal>) -> (u16, &'static str, String) {
    let refusal = result.unwrap_err();
    (refusal.status.as_u16(), refusal.code, refusal.message)
}

const NOON: &str = "2026-11-27T12:00:00Z";

#[test]
fn official_sdk_requests_verify() {
    for (name, scheme) in [
        ("swf-completed.http", SWF),
        ("lambda-succeed.http", LAMBDA),
        ("lambda-heartbeat.http", LAMBDA),
        ("lambda-history.http", LAMBDA),
    ] {
        let (request, body) = recorded(name);
        assert_eq!(verify(&request, &body, scheme, NOON), Ok(()), "{name}");
    }
}

#[test]
fn changed_request_does_not_match() {
    let changes: [fn(&mut Request, &mut Vec<u8>); 5] = [
        |_, body| body.push(b' '),
        |request, _| request.method = "PUT".to_owned(),
        |request, _| request.path = request.path.replace("%2B", "+"),
        |request, _| request.query = "a=b".to_owned(),
        |request, _| drop(request.headers.insert("host", HeaderValue::from_static("localhost"))),
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let (mut request, mut body) = recorded("lambda-succeed.http");
        change(&mut request, &mut body);
        let (status, code, message) = code(verify(&request, &body, LAMBDA, NOON));
        assert_eq!((status, code), (403, "InvalidSignatureException"), "{index}");
        assert!(message.starts_with("The request signature we calculated does not match"), "{message}");
    }
}

#[test]
fn parts_of_authorization_have_own_refusals() {
    for (from, to, expected, text) in [
        ("AWS4-HMAC-SHA256 ", "Bearer ", "IncompleteSignatureException", "Credential, SignedHeaders and"),
        (", Signature=", ", Other=", "IncompleteSignatureException", "Credential, SignedHeaders and"),
        ("taskback-local/", "another/", "UnrecognizedClientException", "security token"),
        ("/swf/", "/lambda/", "InvalidSignatureException", "correct service: 'swf'"),
        ("/20261127/", "/20261126/", "InvalidSignatureException", "does not match the date"),
        ("=content-type;host;", "=content-type;", "InvalidSignatureException", "'host' must be"),
        (";x-amz-target", "", "InvalidSignatureException", "'x-amz-target' must be"),
        ("Signature=7", "Signature=", "InvalidSignatureException", "does not match the signature"),
        ("Signature=7", "Signature=6", "InvalidSignatureException", "does not match the signature"),
    ] {
        let (mut request, body) = recorded("swf-completed.http");
        let changed = request.header("authorization").unwrap().replace(from, to);
        request.headers.insert("authorization", changed.parse().unwrap());
        let (status, code, message) = code(verify(&request, &body, SWF, NOON));
        assert_eq!((status, code), (400, expected), "{from} {to}");
        assert!(message.contains(text), "{message}");
    }
    let (mut request, body) = recorded("swf-completed.http");
    request.headers.insert("x-amz-date", HeaderValue::from_static("2026-11-27T12:00:00Z"));
    assert_eq!(code(verify(&request, &body, SWF, NOON)).1, "IncompleteSignatureException");
    request.headers.remove("authorization");
    assert_eq!(code(verify(&request, &body, SWF, NOON)).1, "MissingAuthenticationTokenException");
}

#[test]
fn signature_is_accepted_within_five_minutes() {
    let (request, body) = recorded("swf-completed.http");
    for at in ["2026-11-27T11:55:00Z", "2026-11-27T12:05:00Z"] {
        assert_eq!(verify(&request, &body, SWF, at), Ok(()), "{at}");
    }
    for (at, text) in [
        ("2026-11-27T11:54:59Z", "Signature not yet current: "),
        ("2026-11-27T12:05:01Z", "Signature expired: "),
    ] {
        let (_, code, message) = code(verify(&request, &body, SWF, at));
        assert_eq!(code, "InvalidSignatureException");
        assert!(message.starts_with(text), "{message}");
    }
}
