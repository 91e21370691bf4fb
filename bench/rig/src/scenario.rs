//! The scenarios, one file each.

pub mod bucket;
pub mod in_process;
pub mod load;
pub mod lost;
pub mod many;
pub mod paced;
pub mod queue;
pub mod services;
pub mod start;
