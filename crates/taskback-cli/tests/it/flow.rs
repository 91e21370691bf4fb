//! `flow start`, `stop` and `describe`, against the local services of this process.

mod describe;
mod flows;
mod refused;
mod start;
mod stop;
