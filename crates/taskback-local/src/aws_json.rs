//! The protocol awsJson1.0, which services of AWS share.

pub(crate) mod members;
pub(crate) mod refusal;
pub(crate) mod wire;
