//! `flow start`, `stop` and `describe`, against the local services of this process.

mod describe;
pub(crate) mod flows;
mod refused;
mod start;
mod stop;
