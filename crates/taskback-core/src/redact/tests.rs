use super::*;
use crate::Service;

fn token(text: &str) -> TaskToken {
    TaskToken::new(Service::Fnf, text).unwrap()
}

#[test]
fn terminal_controls_are_escaped() {
    let text = "a\x1b[2J\r\nb\u{9b}31m\u{202e}卡\t\u{7f}\0é";
    assert_eq!(printable(text, 100), r"a\u{1b}[2J\r\nb\u{9b}31m\u{202e}卡\t\u{7f}\u{0}é");
    assert_eq!(token("t-0").redact_text(text), "a\\u{1b}[2J\nb\\u{9b}31m\\u{202e}卡\t\\u{7f}\\u{0}é");
    assert_eq!(token("t-0").redact_text("10%\r20%"), r"10%\r20%");
}

#[test]
fn line_is_scrubbed_before_cut() {
    let token = token(&"0123456789abcdefghijklmnopqrstuvwxyz".repeat(9));
    let line = token.redact_line(&format!("{}{}", "x".repeat(80), token.expose()), 100);
    assert_eq!(
        line,
        format!("{}[token {}]", "x".repeat(80), token.fingerprint().short())
            .chars()
            .take(100)
            .collect::<String>()
    );
    assert!(printable(&"x".repeat(300), 100).ends_with("characters cut]"));
}
