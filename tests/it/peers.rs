//! Against software of others: moto's SWF, the official FnF client, Lambda's own emulator, a reader of YAML.

mod emulator;
mod flow;
mod fnf;
mod python;
mod queue;
mod s_yaml;
#[cfg(feature = "secrets")]
mod secret;
mod swf;
