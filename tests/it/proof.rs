//! The proof by fault injection: whatever fails, and wherever it fails, a workflow is told one
//! outcome, the one that was decided first.
//!
//! - `kill`: the real code, dropped or frozen at each of its awaits, over a ledger and services
//!   that outlive it.
//! - `model`: a model of the same rules, searched through to its last state, and broken variants
//!   of it that the search must find out.

mod kill;
mod model;
mod process;
mod store;
mod witness;
mod world;
