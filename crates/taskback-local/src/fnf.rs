//! Alibaba Cloud Serverless Workflow (FnF).

pub(crate) mod api;
mod authenticator;
mod definition;
pub(crate) mod engine;
mod execution;
mod executions;
mod expression;
mod flows;
mod history;
mod json;
mod limits;
mod operation;
mod params;
mod rate_limits;
mod refusal;
mod reports;
mod runner;
mod signature;
pub(crate) mod state;
mod template;
mod token;
mod unsupported;
mod yaml;
