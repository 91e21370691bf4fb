//! Text within a service's limit.

use std::borrow::Cow;

/// The length that counts against a limit in "characters". The services do not say which unit
/// they count in, so the larger of code points and UTF-16 units: the latter, always.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// `text` within `most` characters: where it is longer it ends, on a character boundary, with a
/// mark that says how many characters were cut.
pub(crate) fn cut(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most || width(text) <= most {
        return Cow::Borrowed(text);
    }
    let chars = text.chars().count();
    let room = most.saturating_sub(width(&mark(chars)));
    let mut kept = 0;
    let mut used = 0;
    for c in text.chars() {
        used += c.len_utf16();
        if used > room {
            break;
        }
        kept += c.len_utf8();
    }
    let (start, rest) = text.split_at(kept);
    Cow::Owned(format!("{start}{}", mark(rest.chars().count())))
}

fn mark(chars: usize) -> String {
    format!("… [{chars} characters cut]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_within_the_limit_is_left_alone() {
        assert_eq!(cut("fits", 4), "fits");
        assert_eq!(cut("🚀🚀", 4), "🚀🚀");
    }

    #[test]
    fn longer_text_is_cut_on_a_character_and_says_how_much_is_gone() {
        let text = "é".repeat(300);
        let short = cut(&text, 128);
        assert!(width(&short) <= 128);
        let kept = short.chars().filter(|c| *c == 'é').count();
        assert!(short.ends_with(&format!("… [{} characters cut]", 300 - kept)), "{short}");
    }

    #[test]
    fn characters_outside_the_basic_plane_count_twice() {
        let text = "🚀".repeat(200);
        assert!(width(&cut(&text, 256)) <= 256);
        assert!(cut(&text, 256).contains("characters cut"));
    }

    #[test]
    fn cutting_again_changes_nothing() {
        let text = "x".repeat(5000);
        let once = cut(&text, 4096).into_owned();
        assert_eq!(cut(&once, 4096), once);
    }
}
