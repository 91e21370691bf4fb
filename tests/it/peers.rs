//! Against software of others: moto's SWF, the official FnF client, Lambda's own emulator.

mod emulator;
mod fnf;
mod python;
mod swf;
