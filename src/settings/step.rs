//! `TASKBACK_STEP`: the step of the shipped worker.

use super::read::Reader;
use crate::step::StepConfig;

const NAME: &str = "TASKBACK_STEP";
const ALLOW: &str = "TASKBACK_STEP_ALLOW_HTTP_HOST";

pub(super) fn read(read: &mut Reader) -> Option<StepConfig> {
    let allowed = read.host(ALLOW);
    let text = read.text(NAME)?;
    match StepConfig::parse(&text, allowed.as_deref()) {
        Ok(step) => Some(step),
        Err(errors) => {
            errors.into_iter().for_each(|error| read.error(&format!("{NAME} {error}")));
            None
        }
    }
}

#[cfg(test)]
mod tests;
