//! The search for secrets in a log: in every spelling, whole or in part.

use aws_smithy_types::base64;
use serde_json::json;

/// Asserts that the log contains none of the secrets, neither whole nor 16 characters of one, plain or
/// encoded.
pub(crate) fn assert_hidden<'a>(log: &str, secrets: impl IntoIterator<Item = &'a str>) {
    assert!(log.lines().count() > 3, "there is hardly a log to search: {log}");
    for secret in secrets {
        for (spelling, text) in spellings(secret) {
            if let Some(part) = parts(&text).into_iter().find(|part| log.contains(part)) {
                let line = log.lines().find(|line| line.contains(part));
                panic!("{part} of {secret}, {spelling}, is in the log: {line:?}");
            }
        }
    }
}

pub(crate) fn spellings(secret: &str) -> Vec<(&'static str, String)> {
    let encoded: String = secret
        .bytes()
        .map(|b| match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(b).to_string(),
            _ => format!("%{b:02X}"),
        })
        .collect();
    let escaped = json!(secret).to_string().trim_matches('"').to_owned();
    let mut spellings = vec![
        ("plain", secret.to_owned()),
        ("percent-encoded", encoded.clone()),
        ("percent-encoded in lower case", encoded.to_lowercase()),
        ("percent-encoded twice", encoded.replace('%', "%25")),
        ("JSON-escaped", escaped.clone()),
        ("JSON-escaped twice", json!(escaped).to_string().trim_matches('"').to_owned()),
        ("Debug of bytes", format!("{:?}", secret.as_bytes()).trim_matches(['[', ']']).to_owned()),
    ];
    // Three bytes make four characters, so the text can start at three offsets.
    for before in 0..3 {
        let shifted = base64::encode([&vec![0; before], secret.as_bytes()].concat());
        spellings.push(("base64", shifted[4..shifted.len() - 4].to_owned()));
    }
    spellings
}

/// A short secret itself, or all substrings of 16 characters of a longer one.
fn parts(text: &str) -> Vec<&str> {
    let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    match starts.len() {
        ..=17 => vec![text],
        _ => starts.windows(17).map(|window| &text[window[0]..window[16]]).collect(),
    }
}

#[test]
fn search_finds_partial_secret_in_every_spelling() {
    let secret = "v1#m\"+secret/token%m==é-of-fnf";
    let quiet = "{}\n{}\n{}\n{}\n";
    assert_hidden(quiet, [secret]);
    for (spelling, text) in spellings(secret) {
        let part = parts(&text)[3];
        let found = std::panic::catch_unwind(|| assert_hidden(&format!("{quiet}a {part} b"), [secret]));
        assert!(found.is_err(), "{spelling}");
    }
    let encoded = base64::encode(format!("{{\"taskToken\":\"{}\"}}", secret));
    assert!(std::panic::catch_unwind(|| assert_hidden(&format!("{quiet}{encoded}"), [secret])).is_err());
    assert!(std::panic::catch_unwind(|| assert_hidden("", [secret])).is_err(), "an empty log is no proof");
}
