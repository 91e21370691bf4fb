//! The facts that could not be determined. They are collected wherever a property is read.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

/// A shared, sorted list. Each line names its subject first, then the reason.
#[derive(Clone, Default, Debug)]
pub(super) struct Unknown(Rc<RefCell<BTreeSet<String>>>);

impl Unknown {
    pub(super) fn add(&self, subject: &str, reason: &str) {
        self.0.borrow_mut().insert(format!("{subject}: {reason}"));
    }

    pub(super) fn list(&self) -> BTreeSet<String> {
        self.0.borrow().clone()
    }
}
