//! The hex digits of hashes and signatures.

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `None` = not the hex digits of a signature.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let is_signature = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let pairs = is_signature.then(|| (0..64).step_by(2))?;
    pairs.map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}
