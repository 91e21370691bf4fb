/// What a queue's URL may be, for an error.
pub(crate) const QUEUE_URL: &str =
    "the URL of a queue, such as https://sqs.eu-central-1.amazonaws.com/123456789012/tasks";

/// Returns `true` for a URL with a host and a path. Whether there is a queue shows its first call.
pub(crate) fn is_queue_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let place = rest.and_then(|rest| rest.split_once('/'));
    place.is_some_and(|(host, path)| !host.is_empty() && !path.is_empty())
        && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queue_url_has_host_and_path() {
        for url in ["https://sqs.test/1/tasks", "http://127.0.0.1:9324/q"] {
            assert!(is_queue_url(url), "{url}");
        }
        for text in
            ["tasks", "https://", "https:///tasks", "https://sqs.test", "https://sqs.test/", "ftp://h/q"]
        {
            assert!(!is_queue_url(text), "{text}");
        }
        assert!(!is_queue_url("https://sqs.test/1/my tasks"));
    }
}
