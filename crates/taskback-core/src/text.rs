//! Text within a service's limit.

use std::borrow::Cow;

/// The length that counts against a limit in "characters". The services do not document the unit,
/// so it is the larger of code points and UTF-16 units: always the latter.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Cuts `text` to `max` characters. A longer text ends, on a character boundary, with a mark that
/// gives the number of characters that were cut.
pub(crate) fn cut(text: &str, max: usize) -> Cow<'_, str> {
    if text.len() <= max || width(text) <= max {
        return Cow::Borrowed(text);
    }
    let chars = text.chars().count();
    let room = max.saturating_sub(width(&mark(chars)));
    let mut length = 0;
    let mut used = 0;
    for c in text.chars() {
        used += c.len_utf16();
        if used > room {
            break;
        }
        length += c.len_utf8();
    }
    let (start, rest) = text.split_at(length);
    Cow::Owned(format!("{start}{}", mark(rest.chars().count())))
}

fn mark(chars: usize) -> String {
    format!("… [{chars} characters cut]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_text_stays() {
        assert_eq!(cut("fits", 4), "fits");
        assert_eq!(cut("🚀🚀", 4), "🚀🚀");
    }

    #[test]
    fn long_text_is_cut_with_a_mark() {
        let text = "é".repeat(300);
        let short = cut(&text, 128);
        assert!(width(&short) <= 128);
        let kept = short.chars().filter(|c| *c == 'é').count();
        assert!(short.ends_with(&format!("… [{} characters cut]", 300 - kept)), "{short}");
    }

    #[test]
    fn characters_beyond_basic_plane_count_twice() {
        let text = "🚀".repeat(200);
        assert!(width(&cut(&text, 256)) <= 256);
        assert!(cut(&text, 256).contains("characters cut"));
    }

    #[test]
    fn cutting_is_idempotent() {
        let text = "x".repeat(5000);
        let once = cut(&text, 4096).into_owned();
        assert_eq!(cut(&once, 4096), once);
    }
}
