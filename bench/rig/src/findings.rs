use crate::chart::Panel;
use crate::figures::{Goal, Section};

/// The results of one scenario.
#[derive(Debug, Default)]
pub struct Findings {
    pub section: Section,
    pub goals: Vec<Goal>,
    pub panels: Vec<Panel>,
}
