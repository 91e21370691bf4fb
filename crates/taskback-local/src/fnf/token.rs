use base64::prelude::{BASE64_STANDARD, Engine as _};

use crate::uuid::uuid;

/// A token for a task outside flows: Base64 of `v1#a#uuid#mac`.
pub(super) fn for_single_task() -> String {
    encode(&format!("v1#a#{}#", uuid()))
}

/// A token for a flow's task: Base64 of `v1#flow#execution#eventId#mac`.
pub(super) fn for_flow(flow: &str, execution: &str, event: i64) -> String {
    encode(&format!("v1#{flow}#{execution}#{event}#"))
}

/// Base64 of `prefix` and a mac. Three bytes of ones make a `/` at any position.
fn encode(prefix: &str) -> String {
    let mut bytes = prefix.as_bytes().to_vec();
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
    fn token_needs_percent_encoding() {
        for token in [for_single_task(), for_flow("f", "run-1", 3), for_flow("flow", "run-1", 3)] {
            assert!(token.starts_with("djEj"), "{token}");
            assert!(token.ends_with("=="), "{token}");
            assert!(token.contains('/'), "{token}");
        }
        assert_ne!(for_single_task(), for_single_task());
    }
}
