use std::fmt;

use crate::spec::ServiceSpec;
use crate::{durable, fnf, sfn, swf};

/// A workflow service that waits for a report.
///
/// Closed on purpose: a service is added here, in [`ALL`](Self::ALL) and in [`spec`](Self::spec), and in its own file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// Alibaba Cloud Serverless Workflow (FnF), now CloudFlow.
    Fnf,
    /// Amazon Simple Workflow Service.
    Swf,
    /// AWS Step Functions: states that wait for a task token, and activities.
    Sfn,
    /// AWS Lambda durable functions, by their callbacks.
    Durable,
}

impl Service {
    /// All services, in the order in which texts list them.
    pub const ALL: [Self; 4] = [Self::Fnf, Self::Swf, Self::Sfn, Self::Durable];

    /// All that differs between services: the one match on them.
    pub const fn spec(self) -> &'static ServiceSpec {
        match self {
            Self::Fnf => &fnf::SPEC,
            Self::Swf => &swf::SPEC,
            Self::Sfn => &sfn::SPEC,
            Self::Durable => &durable::SPEC,
        }
    }

    /// The name in envelopes, settings and logs, such as `fnf`.
    pub const fn name(self) -> &'static str {
        self.spec().name
    }

    /// The service of that exact name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.name() == name)
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests;
