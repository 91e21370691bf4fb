//! The proof by fault injection: under every fault a workflow gets one outcome, the first one decided.
//!
//! - `kill`: the real code, killed or frozen at each await, with a ledger and services that outlive it.
//! - `model`: a model of the same rules, searched exhaustively, and broken variants that the search must
//!   catch.

mod kill;
mod model;
mod process;
mod store;
mod witness;
mod world;
