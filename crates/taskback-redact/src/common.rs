//! A quick answer to whether two texts may share a run: of most pairs it is no.

/// The bytes of a part, and the number of marks.
const PART: usize = 8;
const MARKS: usize = 4096;

/// Returns `false` if no run of `length` bytes of `secret` stands in `text`. Every such run has one of the secret's parts
/// that begin each few bytes, and the parts of the text are marked.
pub(crate) fn may_share(text: &[u8], secret: &[u8], length: usize) -> bool {
    if length == 0 || text.len() < length || secret.len() < length {
        return false;
    }
    // Marks for the parts of a long text would not tell them apart.
    if length < PART || text.len() > MARKS / 4 {
        return true;
    }
    let mut marks = [0_u64; MARKS / 64];
    for part in text.windows(PART) {
        let mark = mark(part);
        marks[mark / 64] |= 1 << (mark % 64);
    }
    let mut parts = secret.windows(PART).step_by(length - PART + 1);
    parts.any(|part| {
        let mark = mark(part);
        marks[mark / 64] & 1 << (mark % 64) != 0 && text.windows(PART).any(|own| own == part)
    })
}

/// One of the marks, by multiplication with a large odd number.
fn mark(part: &[u8]) -> usize {
    let number = part.first_chunk().map_or(0, |part| u64::from_le_bytes(*part));
    (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 52) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every run of the secret, at every place.
    #[test]
    fn shared_run_is_never_missed() {
        let secret: Vec<u8> = (0..97_u32).map(|n| (n * n % 251) as u8).collect();
        for length in 1..30 {
            for run in secret.windows(length) {
                for before in [0, 1, 7, 500] {
                    let text = [&vec![b'x'; before], run, b"yz"].concat();
                    assert!(may_share(&text, &secret, length), "{length} {run:?}");
                }
            }
        }
    }

    #[test]
    fn usual_text_shares_nothing() {
        let secret = "AAAAKgAAAAIAAAAAAAAAA+/x".repeat(23);
        for text in ["7be1c676-7b57-5724-b728-000000000001", "", "no answer in time"] {
            assert!(!may_share(text.as_bytes(), secret.as_bytes(), 12), "{text}");
        }
    }
}
