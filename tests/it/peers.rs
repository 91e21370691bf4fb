//! Tests against third-party software: moto's SWF and Step Functions, the official FnF client, Lambda's emulator, AWS's
//! runner of durable functions, a YAML parser.

mod durable;
mod emulator;
mod flow;
mod fnf;
#[cfg(all(target_os = "linux", feature = "external-steps"))]
mod layer;
pub(crate) mod python;
mod queue;
mod s_yaml;
#[cfg(feature = "secrets")]
mod secret;
mod sfn;
mod swf;
