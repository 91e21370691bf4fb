//! Futures of traits that are used as values.

use std::pin::Pin;

/// A future behind a pointer, for traits that are used as values.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
