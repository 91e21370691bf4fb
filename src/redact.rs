//! Values for errors, logs and `Debug` that may hold a secret.

use std::fmt;

/// A URL for `Debug`: scheme, host and port, and nothing else of it.
pub(crate) struct Place<'u>(pub(crate) &'u str);

impl fmt::Debug for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.0.split_once("://").unwrap_or(("https", self.0));
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let place = authority.rsplit('@').next().unwrap_or_default();
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port),
            _ => (place, ""),
        };
        let plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "-._[]:".contains(c));
        let is_url = matches!(scheme, "http" | "https") && !host.is_empty() && plain(host);
        let is_whole = is_url
            && port.bytes().all(|byte| byte.is_ascii_digit())
            && (!host.contains(':') || host.contains('['));
        if is_whole { write!(f, "{:?}", format!("{scheme}://{place}")) } else { f.write_str("[not shown]") }
    }
}

/// A value for an error, after the word for what it is. It is shown if it is one word shorter than any access key: any
/// other may hold a secret, such as a URL with a password or a command's arguments in the wrong variable, and only its
/// length is shown.
pub(crate) fn shown(value: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || "_-./,+:".contains(c);
    let is_database = ["postgres", "mysql"].iter().any(|scheme| value.trim_start().starts_with(scheme));
    if value.len() < 20 && !is_database && value.trim().chars().all(is_word) && !value.contains("//") {
        format!("{value:?}")
    } else {
        format!("of {} characters (not shown)", value.chars().count())
    }
}

/// The class of the first character of a text that cannot be part of a key pair: headers take visible ASCII only.
pub(crate) fn unusable_in_credentials(text: &str) -> Option<&'static str> {
    let unusable = text.chars().find(|c| !c.is_ascii_graphic())?;
    Some(match unusable {
        c if c.is_control() => "a control character, such as a line end",
        c if c.is_whitespace() => "white space",
        _ => "a character outside of ASCII",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An AWS access key id has 20 characters, and no other key is shorter.
    #[test]
    fn error_hides_words_of_key_length() {
        for value in ["AKIAIOSFODNN7EXAMPLE", "a-secret-of-twenty-00", "LTAI5tExampleExampleExam"] {
            assert!(value.len() >= 20);
            assert_eq!(shown(value), format!("of {} characters (not shown)", value.chars().count()));
        }
        for value in ["dynamodb:tasks-and-x", &"x".repeat(20), &"x".repeat(300)] {
            assert!(!shown(value).contains(value), "{value}");
        }
        assert_eq!(shown(&"x".repeat(19)), format!("{:?}", "x".repeat(19)));
        for secret in ["http://u:p@h", "two words", "päss"] {
            assert!(!shown(secret).contains(secret), "{secret}");
        }
    }
}
