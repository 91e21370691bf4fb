use std::fmt;

/// A workflow service that waits for a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// Alibaba Cloud Serverless Workflow (FnF), now CloudFlow.
    Fnf,
    /// Amazon Simple Workflow Service.
    Swf,
}

impl Service {
    /// The name in envelopes, settings and logs: `fnf` or `swf`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fnf => "fnf",
            Self::Swf => "swf",
        }
    }

    /// The service of that exact name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "fnf" => Some(Self::Fnf),
            "swf" => Some(Self::Swf),
            _ => None,
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
