/// Removes secrets from a text, in every spelling that a service is likely to echo, and then cuts it to 1024 characters.
pub(crate) fn scrub(text: &str, secrets: &[&str]) -> String {
    let hidden = |text: String, secret: &&str| taskback_redact::scrub(&text, secret, || "[hidden]".into());
    let mut clean = secrets.iter().fold(text.to_owned(), hidden);
    if let Some((end, _)) = clean.char_indices().nth(MAX_CHARS) {
        clean.truncate(end);
    }
    clean
}

const MAX_CHARS: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sign::enc;

    const SECRET: &str = "v1#A\"B+c/d==é";

    #[test]
    fn every_spelling_is_removed() {
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
    fn truncated_secret_is_removed() {
        let secret = "abcdefghijklmnopqrstuvwxyz";
        assert_eq!(scrub("token abcdefghi", &[secret]), "token [hidden]");
        assert_eq!(scrub("token abcdefghijklmnopq...", &[secret]), "token [hidden]...");
        assert_eq!(scrub("token abcdefghijklmnop%%x after", &[secret]), "token [hidden]%%x after");
        assert_eq!(scrub("abc", &[secret]), "abc");
    }

    #[test]
    fn short_secret_keeps_the_mark() {
        assert_eq!(scrub("hid", &["d"]), "hi[hidden]");
    }

    #[test]
    fn long_text_is_cut_at_a_character() {
        assert_eq!(scrub(&"é".repeat(9000), &[]).chars().count(), 1024);
    }
}
