//! Tests against third-party software: moto's SWF, the official FnF client, Lambda's emulator, a YAML parser.

mod emulator;
mod flow;
mod fnf;
pub(crate) mod python;
mod queue;
mod s_yaml;
#[cfg(feature = "secrets")]
mod secret;
mod swf;
