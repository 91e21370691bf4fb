use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use crate::error::{Error, ErrorKind};

/// A check of the page tokens of one list or history, so that pages which repeat or never end are an error and not a
/// loop.
#[derive(Debug)]
pub struct PageGuard {
    hasher: RandomState,
    /// Hashes, because a token may be as long as a response.
    seen: HashSet<u64>,
    max_pages: usize,
}

impl PageGuard {
    /// Allows at most that many pages, including the first.
    pub fn new(max_pages: usize) -> Self {
        Self { hasher: RandomState::new(), seen: HashSet::new(), max_pages }
    }

    /// Allows the page of `token`, or returns an error of kind [`Unexpected`](ErrorKind::Unexpected): do not request it.
    pub fn allow(&mut self, token: &str) -> Result<(), Error> {
        if !self.seen.insert(self.hasher.hash_one(token)) {
            return Err(
                Error::new(ErrorKind::Unexpected, "a page refers to an earlier one as the next").maybe_sent()
            );
        }
        if self.seen.len() >= self.max_pages {
            let message = format!("more than {} pages", self.max_pages);
            return Err(Error::new(ErrorKind::Unexpected, message).maybe_sent());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_end_at_maximum_or_repetition() {
        let mut guard = PageGuard::new(3);
        assert!(guard.allow("a").is_ok() && guard.allow("b").is_ok());
        assert_eq!(guard.allow("c").unwrap_err().to_string(), "more than 3 pages");
        let mut guard = PageGuard::new(100);
        assert!(["a", "b", "c"].iter().all(|token| guard.allow(token).is_ok()));
        let error = guard.allow("a").unwrap_err();
        assert_eq!(error.to_string(), "a page refers to an earlier one as the next");
        assert_eq!(error.kind(), ErrorKind::Unexpected);
        assert!(PageGuard::new(1).allow("a").is_err());
    }
}
