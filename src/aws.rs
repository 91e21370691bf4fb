//! The AWS clients of services, ledger and queue, which share one configuration.

mod clients;
#[cfg(feature = "aws")]
mod config;
#[cfg(feature = "aws")]
mod credentials;
pub(crate) mod endpoints;
#[cfg(feature = "sqs")]
mod error;
#[cfg(feature = "aws")]
mod http;
#[cfg(feature = "aws-reports")]
mod signed_call;
#[cfg(any(
    feature = "dynamodb",
    feature = "sqs",
    feature = "aws-reports",
    all(feature = "secrets", any(feature = "mysql", feature = "postgres"))
))]
mod unsent;

pub use clients::Clients;
#[cfg(feature = "aws-reports")]
pub(crate) use config::connect_local;
#[cfg(feature = "aws")]
pub use config::local;
#[cfg(feature = "sqs")]
pub(crate) use error::{AwsError, in_time};
#[cfg(any(feature = "sfn", feature = "swf"))]
pub(crate) use signed_call::{Operation, SAMPLE, sample_keys};
#[cfg(feature = "durable")]
pub(crate) use signed_call::{Scope, Template};
#[cfg(feature = "aws-reports")]
pub(crate) use signed_call::{SignedCalls, Unanswered};
#[cfg(any(
    feature = "dynamodb",
    feature = "aws-reports",
    all(feature = "secrets", any(feature = "mysql", feature = "postgres"))
))]
pub(crate) use unsent::Unsent;
#[cfg(any(feature = "dynamodb", feature = "sfn", feature = "swf"))]
pub(crate) use unsent::no_response;
#[cfg(any(
    feature = "dynamodb",
    feature = "sfn",
    feature = "swf",
    all(feature = "secrets", any(feature = "mysql", feature = "postgres"))
))]
pub(crate) use unsent::unsent;
