//! The first lines of `taskback local`: its address, and the variables by which a handler is connected.

use std::net::SocketAddr;

use taskback::Service;

use crate::local_vars::DEFAULT_SECRET;

/// The keys in printable form: a secret from the command line is not printed.
pub(super) struct PrintableKeys {
    key: String,
    secret: &'static str,
}

impl PrintableKeys {
    pub(super) fn new(key: &str, secret: &str) -> Self {
        let secret = if secret == DEFAULT_SECRET { DEFAULT_SECRET } else { "(from --access-key-secret)" };
        Self { key: key.to_owned(), secret }
    }

    pub(super) fn greeting(&self, addr: SocketAddr) -> String {
        let Self { key, secret } = self;
        let host = match addr.ip() {
            ip if ip.is_unspecified() => "(this machine's address)".to_owned(),
            ip => ip.to_string(),
        };
        let url = if addr.ip().is_unspecified() {
            format!("http://{host}:{}", addr.port())
        } else {
            format!("http://{addr}")
        };
        let (key, secret, at) = (quoted(key), quoted(secret), quoted(&url));
        let services = Service::ALL.map(Service::name).join(", ");
        let mut text = format!(
            "taskback local listens on http://{addr}\n\
             {services}; tasks and faults under http://{addr}/_local. To connect a handler:\n\n  \
             export TASKBACK_SERVICE=fnf\n  \
             export TASKBACK_STEP=verify-card\n  \
             export FNF_ENDPOINT={at}\n  \
             export ALIBABA_CLOUD_ACCESS_KEY_ID={key}\n  \
             export ALIBABA_CLOUD_ACCESS_KEY_SECRET={secret}\n  \
             export AWS_ENDPOINT_URL_SWF={at}\n  \
             export AWS_ENDPOINT_URL_SFN={at}\n  \
             export AWS_ENDPOINT_URL_LAMBDA={at}\n  \
             export AWS_REGION=us-east-1\n  \
             export AWS_ACCESS_KEY_ID={key}\n  \
             export AWS_SECRET_ACCESS_KEY={secret}\n"
        );
        if !addr.ip().is_loopback() {
            text.push_str(&format!("  export FNF_ALLOW_HTTP_HOST={}\n", quoted(&host)));
        }
        text + "\nCtrl-C stops it.\n"
    }
}

/// A word of a shell, in quotes unless it needs none.
fn quoted(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@[]".contains(&byte);
    match !text.is_empty() && text.bytes().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_secret_is_not_printed() {
        let greeting = |secret| PrintableKeys::new("key", secret).greeting("127.0.0.1:9450".parse().unwrap());
        assert!(!greeting("chosen").contains("chosen"));
        assert!(greeting(DEFAULT_SECRET).contains("ALIBABA_CLOUD_ACCESS_KEY_SECRET=taskback-local-secret\n"));
    }

    #[test]
    fn values_are_words_of_a_shell() {
        let greeting = PrintableKeys::new("it's a key", "chosen").greeting("127.0.0.1:9450".parse().unwrap());
        assert!(greeting.contains("  export ALIBABA_CLOUD_ACCESS_KEY_ID='it'\\''s a key'\n"), "{greeting}");
        assert!(
            greeting.contains("  export ALIBABA_CLOUD_ACCESS_KEY_SECRET='(from --access-key-secret)'\n"),
            "{greeting}"
        );
        assert!(greeting.contains("  export FNF_ENDPOINT=http://127.0.0.1:9450\n"), "{greeting}");
    }

    #[test]
    fn plain_http_host_is_named_off_loopback() {
        let greeting = |addr: &str| PrintableKeys::new("key", DEFAULT_SECRET).greeting(addr.parse().unwrap());
        assert!(greeting("192.0.2.1:9450").contains("FNF_ALLOW_HTTP_HOST=192.0.2.1\n"));
        assert!(!greeting("127.0.0.1:9450").contains("FNF_ALLOW_HTTP_HOST"));
        assert!(!greeting("0.0.0.0:9450").contains("FNF_ENDPOINT=http://0.0.0.0"));
    }
}
