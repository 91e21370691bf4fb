use std::sync::Arc;

#[cfg(feature = "outside")]
use super::{CommandStep, HttpStep};
use super::{IntoStep, Router, Step, verify_card};
use crate::Error;
use crate::settings::StepChoice;

/// The step that the settings name.
pub(crate) fn chosen(choice: &StepChoice) -> Result<Arc<dyn Step>, Error> {
    Ok(match choice {
        StepChoice::VerifyCard => Arc::new(verify_card.into_step()),
        #[cfg(feature = "outside")]
        StepChoice::Command(line) => Arc::new(CommandStep::new(line.clone())),
        #[cfg(feature = "outside")]
        StepChoice::Http(url) => Arc::new(HttpStep::new(url.clone())?),
        StepChoice::Routes(routes) => {
            let router = Router::new(routes.by.clone()).unknown(routes.unknown);
            let add = |router: Router, (kind, step)| Ok::<_, Error>(router.on(kind, chosen(step)?));
            Arc::new(routes.on.iter().try_fold(router, add)?)
        }
    })
}
