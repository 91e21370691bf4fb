use std::fs;
use std::path::Path;

use super::*;

/// Region, FIPS, dual stack and the endpoint of the official SDK for Python.
#[tokio::test]
async fn endpoints_equal_the_official_sdk() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/durable/endpoints.txt");
    let mut seen = 0;
    for line in fs::read_to_string(path).unwrap().lines() {
        let [region, fips, dual_stack, expected] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let variants = (fips == "true", dual_stack == "true");
        let endpoint = Endpoint::public(region.to_owned(), variants).await;
        let expected = Endpoint { url: expected.to_owned(), scope: scope(region.to_owned()) };
        assert_eq!(endpoint, Some(expected), "{line}");
        seen += 1;
    }
    assert!(seen > 50, "only {seen} lines");
}

#[test]
fn endpoint_of_settings_is_checked() {
    let at = |url: &str| Endpoint::from_url(url, "eu-west-1".to_owned());
    assert_eq!(at("http://127.0.0.1:9/").unwrap().url, "http://127.0.0.1:9");
    assert_eq!(at("https://proxy.example/lambda").unwrap().url, "https://proxy.example/lambda");
    for url in ["", "localhost:9", "http://", "http://h/?a=b"] {
        assert!(at(url).is_err(), "{url}");
    }
    let error = at("ftp:/user:secret@h").unwrap_err();
    assert!(!error.to_string().contains("secret"), "{error}");
}
