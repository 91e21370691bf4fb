//! Secrets out of foreign text, in every spelling that a service may echo: the one scrub of all crates.

mod common;

use std::cell::OnceCell;
use std::collections::HashSet;
use std::ops::Range;

/// The longest run of a secret, in bytes, that a scrubbed text may show.
pub const MAX_RUN: usize = 11;

/// Returns `text` with a mark in place of every run that it has in common with the secret, and that is long enough: as it
/// is, percent-encoded, form-encoded and JSON-escaped, also several times over. Of a secret of 24 bytes or more at most
/// [`MAX_RUN`] bytes in a row stay, wherever the text was cut and by whichever party; of a shorter one fewer than the half,
/// or than 8 bytes. At the end of the text, a start of 8 bytes is removed. Scrub before you cut: a cut may leave a shorter
/// run than this finds.
///
/// ```
/// let text = "invalid token%3D7 in the request";
/// assert_eq!(taskback_redact::scrub(text, "token=7", || "[hidden]".into()), "invalid [hidden] in the request");
/// ```
pub fn scrub(text: &str, secret: &str, mark: impl Fn() -> String) -> String {
    let mut runs = Runs::new(secret.as_bytes()).find(text.as_bytes());
    if text.contains(ESCAPES) || secret.contains(['%', '\\']) || secret.contains('+') && text.contains(' ') {
        // Decoded on both sides, so that every spelling is one. What stands before a secret can change how its first
        // characters are decoded: the plain search above finds it then.
        let secret = decoded(secret);
        let secret = Runs::new(&secret);
        runs.extend(secret.find_decoded(text));
        runs.extend(runs_after_cut_escapes(text, &secret));
        runs.sort_by_key(|run| run.start);
    }
    if runs.is_empty() {
        return text.to_owned();
    }
    let mark = mark();
    let (mut clean, mut end) = (String::with_capacity(text.len()), 0);
    for run in runs {
        let (start, after) = (text.floor_char_boundary(run.start), text.ceil_char_boundary(run.end));
        // Of two runs that overlap the second continues the first.
        if start >= end || end == 0 {
            clean.push_str(&text[end..start]);
            clean.push_str(&mark);
        }
        end = end.max(after);
    }
    clean.push_str(&text[end..]);
    clean
}

/// What begins an escape, or is one. A text with none of them spells a plus sign of the secret as a space.
const ESCAPES: [char; 3] = ['%', '\\', '+'];

/// The length from which a start of the secret counts at the end of a text.
const MIN_START: usize = 8;

/// The length from which a common run of text and secret counts as a part of the secret. Short secrets share
/// short runs with innocent text.
fn min_match(secret_bytes: usize) -> usize {
    secret_bytes.min((secret_bytes / 2).clamp(8, MAX_RUN + 1))
}

/// The runs just behind an escape that was cut short, and that would take the secret's first characters for its own.
fn runs_after_cut_escapes(text: &str, secret: &Runs<'_>) -> Vec<Range<usize>> {
    // The first run of a secret, each of whose bytes may be an escape of its own.
    const REACH: usize = 128;
    let mut found = Vec::new();
    for (escape, _) in text.match_indices(['%', '\\']) {
        let start = escape + 1;
        let part = &text[start..text.floor_char_boundary(start + REACH)];
        found.extend(secret.find_decoded(part).into_iter().map(|run| run.start + start..run.end + start));
    }
    found
}

/// All parts of a secret that are long enough to count as it.
struct Runs<'t> {
    secret: &'t [u8],
    /// Made for the first text that may have one of them: almost no text has.
    windows: OnceCell<HashSet<&'t [u8]>>,
    length: usize,
    /// Whether only the whole secret counts.
    whole: bool,
}

impl<'t> Runs<'t> {
    fn new(secret: &'t [u8]) -> Self {
        let length = min_match(secret.len());
        Self { secret, windows: OnceCell::new(), length, whole: length == secret.len() }
    }

    fn contains(&self, window: &[u8]) -> bool {
        self.windows.get_or_init(|| self.secret.windows(self.length.max(1)).collect()).contains(window)
    }

    /// The places where `text` spells them in any encoding.
    fn find_decoded(&self, text: &str) -> Vec<Range<usize>> {
        let decoded = Decoded::from_text(text);
        self.find(&decoded.bytes).into_iter().map(|run| decoded.source(&run, text.len())).collect()
    }

    /// The places where `text` has them, in order; they may overlap.
    fn find(&self, text: &[u8]) -> Vec<Range<usize>> {
        let (mut found, mut at) = (Vec::new(), 0);
        let may_have = common::may_share(text, self.secret, self.length);
        while let Some(window) = text.get(at..at + self.length).filter(|_| may_have) {
            if !self.contains(window) {
                at += 1;
                continue;
            }
            let mut end = at + self.length;
            while !self.whole && text.get(end + 1 - self.length..=end).is_some_and(|next| self.contains(next))
            {
                end += 1;
            }
            found.push(at..end);
            // The window that ends one byte further was examined.
            at = if self.whole { end } else { end + 2 - self.length };
        }
        // A text that was cut may end with a shorter start of the secret.
        let cut = (MIN_START..self.length).rev().find(|bytes| text.ends_with(&self.secret[..*bytes]));
        found.extend(cut.map(|bytes| text.len() - bytes..text.len()));
        found
    }
}

/// The secret as [`Decoded`] has it, which without an escape is the secret with spaces for plus signs.
fn decoded(secret: &str) -> Vec<u8> {
    if secret.contains(['%', '\\']) {
        return Decoded::from_text(secret).bytes;
    }
    secret.replace('+', " ").into_bytes()
}

/// Bytes without percent-encoding, form-encoding and JSON's escapes, however often they were applied, each with the
/// place where its spelling starts.
struct Decoded {
    bytes: Vec<u8>,
    starts: Vec<usize>,
}

impl Decoded {
    /// Decodes in one pass: each byte may complete an escape, whose result may complete another.
    fn from_text(text: &str) -> Self {
        let mut decoded = Self { bytes: Vec::new(), starts: Vec::new() };
        for (start, byte) in text.bytes().enumerate() {
            decoded.bytes.push(byte);
            decoded.starts.push(start);
            while decoded.reduce() {}
        }
        decoded
    }

    /// Replaces an escape at the end by its meaning; `false` = there is none.
    fn reduce(&mut self) -> bool {
        let mut utf8 = [0; 4];
        let (length, bytes): (usize, &[u8]) = match *self.bytes.as_slice() {
            // A form has plus signs for spaces.
            [.., b'+'] => (1, b" "),
            [.., b'\\', b'n'] => (2, b"\n"),
            [.., b'\\', b't'] => (2, b"\t"),
            [.., b'\\', b'r'] => (2, b"\r"),
            [.., b'\\', byte @ (b'\\' | b'"' | b'/')] => (2, &[byte]),
            [.., b'%', a, b] => match hex(&[a, b]) {
                Some(byte) => (3, &[byte as u8]),
                None => return false,
            },
            [.., b'\\', b'u', a, b, c, d] => match hex(&[a, b, c, d]) {
                Some(unit) => self.character(unit, &mut utf8),
                None => return false,
            },
            _ => return false,
        };
        let at = self.bytes.len() - length;
        let start = self.starts[at];
        self.bytes.truncate(at);
        self.starts.truncate(at);
        self.bytes.extend(bytes);
        self.starts.extend(bytes.iter().map(|_| start));
        true
    }

    /// The meaning of a UTF-16 unit at the end, and the number of bytes that it replaces: 3 more with the first half
    /// of its pair before it.
    fn character<'b>(&self, unit: u32, bytes: &'b mut [u8; 4]) -> (usize, &'b [u8]) {
        const ESCAPE: usize = 6;
        let before = &self.bytes[..self.bytes.len() - ESCAPE];
        let (length, code) = match (unit, before) {
            (0xdc00..=0xdfff, [.., 0xed, high @ 0xa0..=0xaf, low]) => {
                let high = u32::from(high & 0x0f) << 6 | u32::from(low & 0x3f);
                (ESCAPE + 3, 0x1_0000 + (high << 10) + (unit - 0xdc00))
            }
            _ => (ESCAPE, unit),
        };
        match char::from_u32(code) {
            Some(c) => (length, c.encode_utf8(bytes).as_bytes()),
            // Half of a pair, in the form that UTF-8 would give it.
            None => {
                let low = |shift: u32| 0x80 | (code >> shift & 0x3f) as u8;
                bytes[..3].copy_from_slice(&[0xed, low(6), low(0)]);
                (length, &bytes[..3])
            }
        }
    }

    /// The place in the text of `len` bytes where these bytes are spelled.
    fn source(&self, run: &Range<usize>, len: usize) -> Range<usize> {
        self.starts[run.start]..self.starts.get(run.end).copied().unwrap_or(len)
    }
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| Some(number << 4 | char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests;
