use serde::Serialize;
use serde_json::{Value, to_value};
use taskback_core::Outcome;

/// An outcome as a test compares it: its `Debug` shows the values, and the order of an output's members does not
/// matter.
///
/// ```
/// use taskback::testing::Reported;
///
/// assert_eq!(Reported::succeeded(42), Reported::Succeeded(42.into()));
/// assert_eq!(format!("{:?}", Reported::failed("TooLarge", "")), r#"Failed { error: "TooLarge", cause: "" }"#);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Reported {
    /// The step did its work: its output.
    Succeeded(Value),
    /// The step failed for good.
    Failed {
        /// A short name for programs.
        error: String,
        /// A text for people; empty = none.
        cause: String,
    },
    /// The workflow asked for cancellation and the step stopped.
    Canceled {
        /// A text for people; empty = none.
        details: String,
    },
    /// Another party holds the token and reports.
    DelegatedTo {
        /// The name of that party.
        to: String,
    },
}

impl Reported {
    /// A success with this output; null where JSON cannot hold it.
    pub fn succeeded(output: impl Serialize) -> Self {
        Self::Succeeded(to_value(output).unwrap_or_default())
    }

    /// A failure by error and cause.
    pub fn failed(error: impl Into<String>, cause: impl Into<String>) -> Self {
        Self::Failed { error: error.into(), cause: cause.into() }
    }
}

/// An output that [`Value`] cannot hold, such as one that is nested too deeply, becomes its JSON text.
impl From<&Outcome> for Reported {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Succeeded(output) => {
                let value = serde_json::from_str(output.json());
                Self::Succeeded(value.unwrap_or_else(|_| Value::from(output.json())))
            }
            Outcome::Failed { error, cause } => Self::failed(error, cause),
            Outcome::Canceled { details } => Self::Canceled { details: details.clone() },
            Outcome::DelegatedTo { to } => Self::DelegatedTo { to: to.clone() },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use serde_json::value::RawValue;
    use taskback_core::Output;

    use super::*;

    #[test]
    fn order_of_members_does_not_matter() {
        let raw = RawValue::from_string(r#"{"b": 1, "a": [2]}"#.into()).unwrap();
        let reported = Reported::from(&Outcome::Succeeded(Output::from_raw(raw)));
        assert_eq!(reported, Reported::succeeded(json!({"a": [2], "b": 1})));
        assert_ne!(reported, Reported::succeeded(json!({"a": [2], "b": 2})));
    }
}
