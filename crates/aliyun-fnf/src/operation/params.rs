use std::fmt;

/// The parameters of a request, in the query and in the form body, and the values that must never be shown.
#[derive(Default)]
pub struct Params {
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) body: Vec<(&'static str, String)>,
    pub(crate) secrets: Vec<String>,
}

/// Shows nothing: a parameter may be a token.
impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Params").finish_non_exhaustive()
    }
}

impl Params {
    pub(super) fn query(mut self, name: &'static str, value: impl ToString) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    pub(super) fn query_if(self, name: &'static str, value: Option<&impl ToString>) -> Self {
        match value {
            Some(value) => self.query(name, value.to_string()),
            None => self,
        }
    }

    pub(super) fn body(mut self, name: &'static str, value: impl ToString) -> Self {
        self.body.push((name, value.to_string()));
        self
    }

    pub(super) fn body_if(self, name: &'static str, value: Option<&impl ToString>) -> Self {
        match value {
            Some(value) => self.body(name, value.to_string()),
            None => self,
        }
    }

    pub(super) fn secret(mut self, value: &str) -> Self {
        self.secrets.push(value.to_owned());
        self
    }
}
