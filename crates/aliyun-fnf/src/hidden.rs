use std::fmt;
use std::ops::Deref;

/// Text that `Debug` does not show: a task token, a key, or a user's input or output.
///
/// It dereferences to `str`; [`into_string`](Self::into_string) returns the owned text.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Hidden(String);

impl Hidden {
    /// Returns the text itself.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl Deref for Hidden {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<T: Into<String>> From<T> for Hidden {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} bytes]", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_only_the_size() {
        assert_eq!(format!("{:?}", Hidden::from("secret")), "[6 bytes]");
    }
}
