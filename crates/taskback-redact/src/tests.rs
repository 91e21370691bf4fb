use super::*;

fn clean(text: &str, secret: &str) -> String {
    scrub(text, secret, || "[hidden]".to_owned())
}

#[test]
fn scrub_finds_every_spelling() {
    let secret = "v1#a\"b+c/d==é";
    let spellings = [
        secret.to_owned(),
        "v1%23a%22b%2Bc%2Fd%3D%3D%C3%A9".to_owned(),
        "v1%23a%22b%2bc%2fd%3d%3d%c3%a9".to_owned(),
        "v1%23a%22b%2Bc/d%3D%3D%C3%A9".to_owned(),
        "v1#a\\\"b+c/d==é".to_owned(),
        "v1#a\\\"b+c\\/d==é".to_owned(),
        "v1#a\\\"b+c/d==\\u00e9".to_owned(),
    ];
    for text in spellings {
        assert_eq!(clean(&format!("before {text} after"), secret), "before [hidden] after");
    }
    assert_eq!(clean("nothing to hide", secret), "nothing to hide");
}

#[test]
fn short_secret_leaves_the_mark() {
    for text in ["e", "%", "é", "[", "0"] {
        assert_eq!(clean(&text.repeat(3), text), "[hidden]".repeat(3), "{text}");
    }
}

#[test]
fn scrub_finds_secret_encoded_twice() {
    let secret = "v1#a\"b+c/d==é🚀\\n";
    for text in [
        "v1%2523a%2522b%252bc%252fd%253d%253d%25c3%25a9%25F0%259F%259A%2580%255Cn",
        "v1#a\\\\\\\"b+c/d==é🚀\\\\\\\\n",
        "v1%23a%5C%22b%2Bc%5C%2Fd%3D%3D\\u00e9\\ud83d\\ude80%5C%5Cn",
        "v1#a\\u0022b\\u002bc\\u002Fd\\u003d=\\u00E9\\uD83D\\uDE80\\u005cn",
        "v1#a%22b+c/d==%C3%A9%F0%9F%9A%80%5Cn",
    ] {
        assert_eq!(clean(&format!("({text})"), secret), "([hidden])", "{text}");
    }
}

/// As long as real ones, with every character that Base64 has.
fn long_secret() -> String {
    let characters = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['+', '/']).collect::<Vec<_>>();
    let text = (0..400_usize).map(|n| characters[n * n * 31 % 61 + n % 4]).collect::<String>();
    format!("{text}==")
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02x}") })
        .collect()
}

/// Another party may have cut the text on either side, and what stands before and after may be added later.
#[test]
fn secret_cut_anywhere_leaves_no_long_run() {
    let secret = &*long_secret();
    let parts: HashSet<&str> =
        (0..=secret.len() - MAX_RUN - 1).map(|at| &secret[at..=at + MAX_RUN]).collect();
    for spelling in
        [secret.to_owned(), encoded(secret), encoded(&encoded(secret)), secret.replace('/', "\\/")]
    {
        for at in 0..=spelling.len() {
            for text in [format!("refused: {}", &spelling[..at]), format!("{} is wrong", &spelling[at..])] {
                let clean = clean(&text, secret);
                let shown = Decoded::from_text(&clean).bytes;
                for shown in [clean.as_bytes(), &shown] {
                    let mut windows =
                        shown.windows(MAX_RUN + 1).filter_map(|window| str::from_utf8(window).ok());
                    assert_eq!(windows.find(|window| parts.contains(window)), None, "{clean}");
                }
                assert!(clean.starts_with("refused: ") || clean.ends_with(" is wrong"), "{clean}");
            }
        }
    }
}

#[test]
fn pieces_of_secret_are_scrubbed() {
    let secret = long_secret();
    let (start, end) = secret.split_at(200);
    let clean = clean(&format!("{start}\n{end}, {} and {}", &start[50..80], &end[5..16]), &secret);
    assert_eq!(clean, format!("[hidden]\n[hidden], [hidden] and {}", &end[5..16]));
}

/// An escape that was cut short just before the secret swallows its first digits.
#[test]
fn cut_escape_before_secret_hides_no_more() {
    let secret = "AQCdEf0129+bcdef/ABCDabcdef+uvwxyz0/tnr9988=";
    for (before, shown) in
        [("\\u", "f0129+bcdef\\/ABC"), ("%", "f0129+bcdef\\/A"), ("%", "CdEf0129%252Bbcde")]
    {
        let clean = clean(&format!("x{before}{shown} y"), secret);
        assert!(!clean.contains(shown), "{clean}");
    }
}
