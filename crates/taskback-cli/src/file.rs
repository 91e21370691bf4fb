//! Text from a file that an argument names.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Reads a file of at most `max_bytes`; `-` is standard input.
pub(crate) fn read_text(path: &Path, max_bytes: u64) -> Result<String, String> {
    let source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(path).map_err(|error| error.to_string())?)
    };
    let mut text = String::new();
    source.take(max_bytes + 1).read_to_string(&mut text).map_err(|error| error.to_string())?;
    if text.len() as u64 > max_bytes {
        return Err(format!("too large, expected at most {max_bytes} bytes"));
    }
    Ok(text)
}
