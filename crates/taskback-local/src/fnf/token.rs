use base64::prelude::{BASE64_STANDARD, Engine as _};

use crate::answer::uuid;

/// The token of a task that belongs to no flow: Base64 of `v1#a#uuid#mac`.
pub(crate) fn new() -> String {
    token(&format!("v1#a#{}#", uuid()))
}

/// The token of a flow's task: Base64 of `v1#flow#execution#eventId#mac`.
pub(super) fn of_flow(flow: &str, execution: &str, event: i64) -> String {
    token(&format!("v1#{flow}#{execution}#{event}#"))
}

/// Base64 of that and a mac. Three bytes of ones bring a `/` into it wherever they stand.
fn token(holds: &str) -> String {
    let mut bytes = holds.as_bytes().to_vec();
    bytes.extend([0xff; 3]);
    bytes.extend(std::iter::repeat_with(|| fastrand::u8(..)).take(32));
    // Two bytes short of a multiple of three make the padding that real tokens often have.
    while bytes.len() % 3 != 1 {
        bytes.push(fastrand::u8(..));
    }
    BASE64_STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_token_needs_percent_encoding() {
        for token in [new(), of_flow("f", "run-1", 3), of_flow("flow", "run-1", 3)] {
            assert!(token.starts_with("djEj"), "{token}");
            assert!(token.ends_with("=="), "{token}");
            assert!(token.contains('/'), "{token}");
        }
        assert_ne!(new(), new());
    }
}
