use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde_json::value::RawValue;

/// The input of an execution; an empty object unless set.
#[derive(clap::Args)]
#[group(multiple = false)]
pub(super) struct Input {
    /// The execution's input, a JSON object. Other users of this machine can see the command line.
    #[arg(long, value_name = "JSON")]
    input: Option<String>,
    /// File with the input; - is standard input.
    #[arg(long, value_name = "FILE")]
    input_file: Option<PathBuf>,
}

/// FnF's limit for a whole request, in bytes.
const MAX_BYTES: u64 = 1024 * 1024;

impl Input {
    /// Returns the JSON text of the input, unchanged.
    pub(super) fn read(&self) -> Result<Option<Box<RawValue>>, String> {
        let (name, text) = match (&self.input, &self.input_file) {
            (Some(text), _) => ("--input".to_owned(), text.clone()),
            (None, Some(path)) => {
                let name = format!("--input-file {}", path.display());
                let text = read_text(path).map_err(|error| format!("{name}: {error}"))?;
                (name, text)
            }
            (None, None) => return Ok(None),
        };
        let json = serde_json::from_str(&text).map_err(|error| format!("{name}: not valid JSON: {error}"))?;
        Ok(Some(json))
    }
}

fn read_text(path: &Path) -> Result<String, String> {
    let source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(path).map_err(|error| error.to_string())?)
    };
    let mut text = String::new();
    source.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(|error| error.to_string())?;
    if text.len() as u64 > MAX_BYTES {
        return Err(format!("too large, expected at most {MAX_BYTES} bytes"));
    }
    Ok(text)
}
