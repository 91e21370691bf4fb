use std::time::Duration;

use super::params::Params;
use crate::error::Error;
use crate::fields::Fields;
use crate::limiter::Quota;

/// A request of the API. Only the request types of this crate implement it.
pub trait Operation: sealed::Operation {
    /// The content of a successful response.
    type Response: Send + 'static;
}

/// An operation with responses in pages.
pub trait Paged: Operation + Clone + sealed::Paged<Page = <Self as Operation>::Response> {
    /// One item of a page.
    type Item: Send + 'static;
}

pub(crate) mod sealed {
    use super::*;

    pub trait Operation: Sized + Send + Sync + 'static {
        const NAME: &'static str;
        const METHOD: &'static str;
        const QUOTA: Quota;
        /// The maximum size of a response in bytes. A larger one is lost, although the request may have been accepted.
        const MAX_RESPONSE: usize = 64 << 10;

        /// Returns the parameters after checking all documented limits.
        fn params(&self) -> Result<Params, Error>;

        /// The time that the service may wait before it responds.
        fn wait(&self) -> Duration {
            Duration::ZERO
        }

        fn parse(fields: &Fields<'_>) -> <Self as super::Operation>::Response
        where
            Self: super::Operation;
    }

    pub trait Paged: Sized {
        type Page;

        fn page_after(&self, token: String) -> Self;

        fn into_items(page: Self::Page) -> (Vec<<Self as super::Paged>::Item>, Option<String>)
        where
            Self: super::Paged;
    }
}
