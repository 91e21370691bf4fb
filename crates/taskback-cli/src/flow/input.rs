use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde_json::value::RawValue;

/// What the execution gets; nothing is an empty object.
#[derive(clap::Args)]
#[group(multiple = false)]
pub(super) struct Input {
    /// The execution's input, a JSON object. Other users of this machine can see what stands on a command line.
    #[arg(long, value_name = "JSON")]
    input: Option<String>,
    /// The file of the input; - is standard input.
    #[arg(long, value_name = "FILE")]
    input_file: Option<PathBuf>,
}

/// FnF's limit for a whole request, in bytes.
const MOST_BYTES: u64 = 1024 * 1024;

impl Input {
    /// The input's JSON, as it is written.
    pub(super) fn read(&self) -> Result<Option<Box<RawValue>>, String> {
        let (name, text) = match (&self.input, &self.input_file) {
            (Some(text), _) => ("--input".to_owned(), text.clone()),
            (None, Some(path)) => {
                let name = format!("--input-file {}", path.display());
                let text = text_of(path).map_err(|why| format!("{name}: {why}"))?;
                (name, text)
            }
            (None, None) => return Ok(None),
        };
        let json = serde_json::from_str(&text).map_err(|error| format!("{name}: not JSON: {error}"))?;
        Ok(Some(json))
    }
}

fn text_of(path: &Path) -> Result<String, String> {
    let source: Box<dyn Read> = match path == Path::new("-") {
        true => Box::new(io::stdin().lock()),
        false => Box::new(File::open(path).map_err(|error| error.to_string())?),
    };
    let mut text = String::new();
    source.take(MOST_BYTES + 1).read_to_string(&mut text).map_err(|error| error.to_string())?;
    if text.len() as u64 > MOST_BYTES {
        return Err(format!("an input has at most {MOST_BYTES} bytes"));
    }
    Ok(text)
}
