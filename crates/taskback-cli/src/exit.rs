//! The end of a command.

use std::error::Error;
use std::process::ExitCode;

/// A command's own exit code, or an error, whose exit code is 2.
pub(crate) type CommandResult = Result<ExitCode, Box<dyn Error>>;
