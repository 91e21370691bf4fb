use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The text as it was sent: itself where it is JSON, else its base64 decoded where that is JSON, else
/// itself. MNS's own SDKs encode by default, and its triggers decode only where they are configured to.
pub(super) fn plain(text: String) -> String {
    if is_json(&text) {
        return text;
    }
    let decoded = STANDARD.decode(text.trim_ascii()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    match decoded {
        Some(decoded) if is_json(&decoded) => decoded,
        _ => text,
    }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_decoded_only_around_json() {
        let body = r#"{"taskToken":"t+/=="}"#;
        assert_eq!(plain(STANDARD.encode(body)), body);
        assert_eq!(plain(format!("{}\n", STANDARD.encode(body))), body);
        for text in [body, "1234", "true", "hello", "aGVsbG8=", "", "{"] {
            assert_eq!(plain(text.to_owned()), text);
        }
    }
}
