//! Credentials: the keys, their providers, and a cache of the provider's answer.

mod cache;
mod chain;
mod context;
mod keys;

pub(crate) use cache::{Cache, Provider};
pub use chain::OfficialChain;
pub(crate) use context::{CredentialHttp, FileReader, OfficialEnv};
pub use keys::Credentials;
