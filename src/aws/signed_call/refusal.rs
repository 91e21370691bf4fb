//! Refusals of a signature: the service did nothing, and another signature may be accepted.

use serde::Deserialize;
use taskback_http::HttpResponse;

/// A refusal that names the signature, its time or its credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The time is wrong, or something else that only the service knows.
    Time,
    /// The credentials have expired or are unknown.
    Credentials,
    /// One of both.
    Signature,
}

impl Refusal {
    /// The refusal in the service's own answer; `None` for any other answer.
    pub(super) fn from_response(response: &HttpResponse) -> Option<Self> {
        // Another party than the service neither sets the clock nor has a report sent again.
        if !(400..500).contains(&response.status) || !response.headers.contains_key("x-amzn-requestid") {
            return None;
        }
        let header = response.headers.get("x-amzn-errortype").and_then(|kind| kind.to_str().ok());
        let body = serde_json::from_slice::<ErrorBody>(&response.body).ok();
        let kind = body.and_then(|body| body.kind);
        let kind = kind.as_deref().or(header)?.split(':').next()?;
        Self::from_code(kind.rsplit('#').next()?)
    }

    fn from_code(code: &str) -> Option<Self> {
        match code {
            // The SDK takes the last two for a wrong clock as well, if the date is far off.
            "RequestTimeTooSkewed"
            | "RequestExpired"
            | "RequestInTheFuture"
            | "AuthFailure"
            | "AccessDeniedException" => Some(Self::Time),
            "ExpiredToken"
            | "ExpiredTokenException"
            | "InvalidAccessKeyId"
            | "InvalidClientTokenId"
            | "UnrecognizedClientException" => Some(Self::Credentials),
            "InvalidSignatureException" | "SignatureDoesNotMatch" => Some(Self::Signature),
            _ => None,
        }
    }

    pub(super) fn may_be_the_clock(self) -> bool {
        self != Self::Credentials
    }

    pub(super) fn may_be_the_credentials(self) -> bool {
        self != Self::Time
    }
}

#[derive(Deserialize)]
struct ErrorBody {
    #[serde(rename = "__type")]
    kind: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16, header: &'static str, body: &'static str) -> Option<Refusal> {
        refusal_of(status, &[("x-amzn-errortype", header), ("x-amzn-requestid", "id")], body)
    }

    fn refusal_of(
        status: u16,
        headers: &[(&'static str, &'static str)],
        body: &'static str,
    ) -> Option<Refusal> {
        let set = headers.iter().filter(|(_, value)| !value.is_empty());
        let headers = set.map(|(name, value)| (name.parse().unwrap(), http::HeaderValue::from_static(value)));
        let headers = headers.collect();
        Refusal::from_response(&HttpResponse {
            status,
            headers,
            body: bytes::Bytes::from_static(body.as_bytes()),
        })
    }

    /// Its date would set the clock of the whole process.
    #[test]
    fn refusal_without_request_id_is_foreign() {
        let body = r#"{"__type":"InvalidSignatureException"}"#;
        assert_eq!(refusal_of(403, &[("date", "Wed, 01 Jan 2020 00:00:00 GMT")], body), None);
    }

    #[test]
    fn refusal_is_read_in_every_spelling() {
        let expected = Some(Refusal::Signature);
        assert_eq!(refusal(400, "", r#"{"__type":"InvalidSignatureException"}"#), expected);
        assert_eq!(refusal(400, "", r#"{"__type":"com.amazon#InvalidSignatureException"}"#), expected);
        assert_eq!(refusal(403, "InvalidSignatureException:http://a/b", "{}"), expected);
        assert_eq!(refusal(400, "ExpiredTokenException", ""), Some(Refusal::Credentials));
        assert_eq!(refusal(403, "", r#"{"__type":"RequestTimeTooSkewed"}"#), Some(Refusal::Time));
    }

    #[test]
    fn other_answer_is_not_a_refusal() {
        for (status, header, body) in [
            (200, "InvalidSignatureException", ""),
            (500, "InvalidSignatureException", ""),
            (400, "", "InvalidSignatureException"),
            (400, "", r#"{"message":"InvalidSignatureException"}"#),
            (400, "", r#"{"__type":"ValidationException","message":"InvalidSignatureException"}"#),
            (400, "", ""),
        ] {
            assert_eq!(refusal(status, header, body), None, "{status} {header} {body}");
        }
    }
}
