use std::fmt;

use serde::{Serialize, Serializer};

/// The ids of a workflow and its task: not secret, and each of them optional. Their names are those of the envelope's
/// `execution`, and constants of the service that has them, such as [`swf::WORKFLOW_ID`](crate::swf::WORKFLOW_ID).
///
/// ```
/// use taskback_core::{Execution, swf};
///
/// let execution = Execution::default().with_text(swf::WORKFLOW_ID, Some("order-7".into()));
/// assert_eq!(execution.text("workflowId"), Some("order-7"));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Execution(Vec<(&'static str, Id)>);

#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Id {
    Text(String),
    Number(i64),
}

impl Execution {
    /// Adds an id that is text, where there is one.
    pub fn with_text(mut self, name: &'static str, id: Option<String>) -> Self {
        self.0.extend(id.map(|id| (name, Id::Text(id))));
        self
    }

    /// Adds an id that is a number, where there is one.
    pub fn with_number(mut self, name: &'static str, id: Option<i64>) -> Self {
        self.0.extend(id.map(|id| (name, Id::Number(id))));
        self
    }

    /// The id of that name that is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Id::Text(id) => Some(id),
            Id::Number(_) => None,
        }
    }

    /// The id of that name that is a number.
    pub fn number(&self, name: &str) -> Option<i64> {
        match self.get(name)? {
            Id::Number(id) => Some(*id),
            Id::Text(_) => None,
        }
    }

    /// The texts of these names, joined by `/`; `None` where one of them is absent.
    pub(crate) fn joined<const N: usize>(&self, names: [&str; N]) -> Option<String> {
        let mut ids = [""; N];
        for (id, name) in ids.iter_mut().zip(names) {
            *id = self.text(name)?;
        }
        Some(ids.join("/"))
    }

    /// Whether there is no id at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same ids, each text passed through `clean`.
    pub(crate) fn map_text(&self, clean: impl Fn(&str) -> String) -> Self {
        let clean = |id: &Id| match id {
            Id::Text(id) => Id::Text(clean(id)),
            Id::Number(id) => Id::Number(*id),
        };
        Self(self.0.iter().map(|(name, id)| (*name, clean(id))).collect())
    }

    fn get(&self, name: &str) -> Option<&Id> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, id)| id)
    }
}

/// An object of the ids that there are.
impl Serialize for Execution {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, id)| (name, id)))
    }
}

impl fmt::Debug for Execution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Execution")?;
        f.debug_set().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}
