//! The words in which the SQL of the databases differs.

/// A database's words for the `{name}`s of a statement.
#[derive(Debug)]
pub(crate) struct Dialect {
    /// As in the URL.
    pub(crate) name: &'static str,
    /// The present time by the database's clock, in ms since 1970 (UTC).
    pub(crate) now: &'static str,
    /// The last words of an insert that skips a key which exists.
    pub(crate) if_absent: &'static str,
    /// The end of a select that reads what is committed now, at the primary.
    pub(crate) locked: &'static str,
    /// The types of columns: a digest in hex, a name, a text of any length, a number.
    pub(crate) digest: &'static str,
    pub(crate) label: &'static str,
    pub(crate) text: &'static str,
    pub(crate) number: &'static str,
    /// The index over `expires`, where it is a part of the table's definition, and where it is a statement.
    pub(crate) inner_index: &'static str,
    pub(crate) index: &'static str,
    /// The end of a table's definition.
    pub(crate) table: &'static str,
    /// Deletes a batch of expired rows.
    pub(crate) sweep: &'static str,
    /// Whether parameters are `$1`, `$2`, … and not `?`.
    pub(crate) numbered: bool,
    /// What the command's check looks at.
    pub(crate) probes: &'static [Probe],
}

/// A setting of the database, and the value that keeps decisions.
#[derive(Debug)]
pub(crate) struct Probe {
    /// The setting's name.
    pub(crate) name: &'static str,
    /// Returns one text.
    pub(crate) query: &'static str,
    /// The values with which nothing is lost.
    pub(crate) expected: &'static [&'static str],
    /// What another value means.
    pub(crate) meaning: &'static str,
}

impl Dialect {
    /// Replaces the names of a statement by the database's words.
    pub(crate) fn translate(&self, statement: &str) -> String {
        let mut text = statement.to_owned();
        for (name, word) in [
            ("{sweep}", self.sweep),
            ("{if_absent}", self.if_absent),
            ("{locked}", self.locked),
            ("{digest}", self.digest),
            ("{label}", self.label),
            ("{text}", self.text),
            ("{number}", self.number),
            ("{inner_index}", self.inner_index),
            ("{index}", self.index),
            ("{table}", self.table),
            ("{now}", self.now),
        ] {
            text = text.replace(name, word);
        }
        text
    }
}
