use std::fmt;
use std::ops::Deref;

use crate::sign::enc;

/// Text that `Debug` does not show: a task token, a key, or a user's input or output.
///
/// It derefs to `str`; [`into_string`](Self::into_string) takes it out.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Hidden(String);

impl Hidden {
    /// The text itself.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl Deref for Hidden {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<T: Into<String>> From<T> for Hidden {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} bytes]", self.0.len())
    }
}

/// `text` without the secrets in any spelling that a service is likely to echo, cut to 1024
/// characters. A service may quote a secret cut short, so a long enough start of one goes too.
pub(crate) fn scrub(text: &str, secrets: &[&str]) -> String {
    let text = cut(text, 4 * MOST_CHARS);
    let forms: Vec<String> =
        secrets.iter().filter(|secret| !secret.is_empty()).flat_map(|s| forms(s)).collect();
    let mut clean = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let found = forms.iter().map(|form| shown(rest, form)).max().unwrap_or(0);
        if found > 0 {
            clean.push_str("[hidden]");
            rest = &rest[found..];
        } else {
            clean.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    cut(&clean, MOST_CHARS).to_owned()
}

const MOST_CHARS: usize = 1024;

/// How many bytes at the start of `text` give the secret away. Where only a long enough start is
/// the same, the rest may be another spelling: then it is everything up to the next space.
fn shown(text: &str, form: &str) -> usize {
    let same: usize =
        text.chars().zip(form.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    if same == form.len() {
        same
    } else if same >= 16 || (same >= 8 && same == text.len()) {
        same + text[same..].find(char::is_whitespace).unwrap_or(text.len() - same)
    } else {
        0
    }
}

fn forms(secret: &str) -> Vec<String> {
    let once = enc(secret);
    let twice = enc(&once);
    let json = serde_json::Value::from(secret).to_string();
    let json = json[1..json.len() - 1].to_owned();
    let mut forms = vec![lower_hex(&once), enc(&lower_hex(&once)), once.replace("%20", "+"), once, twice];
    forms.extend([json.replace('/', "\\/"), json.replace('=', "\\u003d"), json, secret.to_owned()]);
    forms
}

fn lower_hex(encoded: &str) -> String {
    let mut left = 0;
    let lower = |c: char| {
        left = if c == '%' { 2 } else { i32::max(left - 1, -1) };
        if left >= 0 && c != '%' { c.to_ascii_lowercase() } else { c }
    };
    encoded.chars().map(lower).collect()
}

fn cut(text: &str, most_chars: usize) -> &str {
    text.char_indices().nth(most_chars).map_or(text, |(at, _)| &text[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "v1#A\"B+c/d==é";

    #[test]
    fn debug_shows_the_size_only() {
        assert_eq!(format!("{:?}", Hidden::from("secret")), "[6 bytes]");
    }

    #[test]
    fn every_spelling_goes_and_the_rest_stays() {
        let once = enc(SECRET);
        let spellings = [
            SECRET.to_owned(),
            enc(&once),
            "v1%23A%22B%2bc%2fd%3d%3d%c3%a9".to_owned(),
            "v1%2523A%2522B%252bc%252fd%253d%253d%25c3%25a9".to_owned(),
            "v1#A\\\"B+c/d==é".to_owned(),
            "v1#A\\\"B+c\\/d==é".to_owned(),
            "v1#A\\\"B+c/d\\u003d\\u003dé".to_owned(),
            once,
        ];
        for text in spellings {
            assert_eq!(scrub(&format!("before {text} after"), &[SECRET]), "before [hidden] after");
        }
        assert_eq!(scrub("nothing to hide", &[SECRET, ""]), "nothing to hide");
    }

    #[test]
    fn a_secret_that_is_cut_short_goes_too() {
        let secret = "abcdefghijklmnopqrstuvwxyz";
        assert_eq!(scrub("token abcdefghi", &[secret]), "token [hidden]");
        assert_eq!(scrub("token abcdefghijklmnopq...", &[secret]), "token [hidden]");
        assert_eq!(scrub("token abcdefghijklmnop%%x after", &[secret]), "token [hidden] after");
        assert_eq!(scrub("abc", &[secret]), "abc");
    }

    #[test]
    fn a_short_secret_does_not_eat_the_mark() {
        assert_eq!(scrub("hid", &["d"]), "hi[hidden]");
    }

    #[test]
    fn a_long_text_is_cut_on_a_character() {
        assert_eq!(scrub(&"é".repeat(9000), &[]).chars().count(), 1024);
    }
}
