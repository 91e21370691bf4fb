use std::path::PathBuf;

use serde_json::value::RawValue;

use crate::file::read_text;

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
                let text = read_text(path, MAX_BYTES).map_err(|error| format!("{name}: {error}"))?;
                (name, text)
            }
            (None, None) => return Ok(None),
        };
        let json = serde_json::from_str(&text).map_err(|error| format!("{name}: not valid JSON: {error}"))?;
        Ok(Some(json))
    }
}
