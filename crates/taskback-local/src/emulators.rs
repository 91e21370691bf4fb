//! The table of services: one line each.

use taskback_core::Service;

use crate::call::Api;
use crate::durable::api::DurableApi;
use crate::durable::engine::DurableEngine;
use crate::engine::Engine;
use crate::fnf::api::FnfApi;
use crate::fnf::engine::FnfEngine;
use crate::sfn::api::SFN_API;
use crate::sfn::engine::SfnEngine;
use crate::swf::api::SWF_API;
use crate::swf::engine::SwfEngine;

/// The two halves of a service: its wire format and its rules.
pub(crate) struct Emulator {
    pub(crate) api: &'static dyn Api,
    pub(crate) engine: &'static dyn Engine,
}

/// Returns the emulator of a service.
pub(crate) fn emulator(service: Service) -> Emulator {
    match service {
        Service::Fnf => Emulator { api: &FnfApi, engine: &FnfEngine },
        Service::Swf => Emulator { api: &SWF_API, engine: &SwfEngine },
        Service::Sfn => Emulator { api: &SFN_API, engine: &SfnEngine },
        Service::Durable => Emulator { api: &DurableApi, engine: &DurableEngine },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use taskback_core::TaskToken;

    use super::*;

    /// Faults select operations by name alone.
    #[test]
    fn operation_names_are_unique() {
        let mut names = HashSet::new();
        for service in Service::ALL {
            for operation in emulator(service).engine.operations() {
                assert!(names.insert(operation.name), "{service} {}", operation.name);
            }
        }
    }

    #[test]
    fn new_tokens_fit_their_service() {
        for service in Service::ALL {
            let token = emulator(service).engine.new_token();
            assert!(TaskToken::new(service, token).is_ok(), "{service}");
        }
    }
}
