//! The name of a claim's owner.

use std::sync::OnceLock;

use crate::environment;

/// Returns a name that is unique to the claim, even where a machine's memory was copied: two owners of one name would
/// undo the fencing. Before the number it says where the process is, so that an operator can find out whether it lives.
pub(super) fn unique_name() -> String {
    static LABEL: OnceLock<String> = OnceLock::new();
    let label = LABEL.get_or_init(|| match environment::text("AWS_LAMBDA_LOG_STREAM_NAME") {
        Some(stream) => printable_end(&stream),
        None => printable_end(&format!("{}:{}", host_name(), std::process::id())),
    });
    let mut bytes = [0; 16];
    let number = match getrandom::fill(&mut bytes) {
        Ok(()) => u128::from_be_bytes(bytes),
        Err(_) => fastrand::u128(..),
    };
    format!("{label}#{number}")
}

/// The maximum length of a label. With its number an owner's name fits into the columns of all stores, 255 characters.
const LABEL_CHARS: usize = 200;

/// The end of the text, which distinguishes streams and processes, in printable ASCII without spaces.
fn printable_end(text: &str) -> String {
    let start = text.chars().count().saturating_sub(LABEL_CHARS);
    text.chars().skip(start).map(|c| if c.is_ascii_graphic() { c } else { '_' }).collect()
}

#[cfg(unix)]
fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(not(unix))]
fn host_name() -> String {
    environment::text("COMPUTERNAME").unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owner_name_is_label_and_number() {
        let [first, second] = std::array::from_fn(|_| unique_name());
        assert_ne!(first, second);
        let (label, number) = first.rsplit_once('#').unwrap();
        assert!(second.starts_with(&format!("{label}#")) && number.parse::<u128>().is_ok(), "{first}");
        assert!(label.ends_with(&format!(":{}", std::process::id())) && !label.starts_with(':'), "{label}");
    }

    #[test]
    fn label_is_bounded_and_printable() {
        assert_eq!(printable_end("2026/11/27/[$LATEST]0f"), "2026/11/27/[$LATEST]0f");
        assert_eq!(printable_end("höst\n 1:7"), "h_st__1:7");
        let long = printable_end(&format!("{}:7", "é".repeat(1000)));
        assert!(long.len() == LABEL_CHARS && long.ends_with("_:7"), "{long}");
        assert!(LABEL_CHARS + 1 + u128::MAX.to_string().len() <= 255);
    }
}
