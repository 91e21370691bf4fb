//! The protocol awsJson1.0, which services of AWS share.

pub(crate) mod api;
pub(crate) mod members;
pub(crate) mod operation;
pub(crate) mod refusal;
mod wire;
