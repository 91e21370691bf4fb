//! What is measured, one file a question.

pub mod bucket;
pub mod in_process;
pub mod load;
pub mod lost;
pub mod many;
pub mod paced;
pub mod start;

use crate::chart::Panel;
use crate::figures::{Goal, Section};

/// What a scenario adds to the results.
#[derive(Debug, Default)]
pub struct Found {
    pub section: Section,
    pub goals: Vec<Goal>,
    pub panels: Vec<Panel>,
}
