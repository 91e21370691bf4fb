//! The function hosts, one line each.

use super::fc::FunctionCompute;
use super::function_host::FunctionHost;
use super::lambda::Lambda;
use crate::environment;
use crate::error::{Error, ErrorKind};

/// Asked in this order.
const HOSTS: &[&dyn FunctionHost] = &[&Lambda, &FunctionCompute];

/// Returns the host of this process, by the variables that only a host sets.
pub(super) fn find() -> Result<&'static dyn FunctionHost, Error> {
    find_by(environment::is_set)
}

fn find_by(is_set: impl Fn(&str) -> bool) -> Result<&'static dyn FunctionHost, Error> {
    let found = HOSTS.iter().find(|host| host.variables().iter().any(|name| is_set(name)));
    found.copied().ok_or_else(|| {
        Error::new(
            ErrorKind::Settings,
            "neither AWS_LAMBDA_RUNTIME_API nor FC_SERVER_PORT is set: a function's executable is started by \
             AWS Lambda or Function Compute, or here by an emulator such as `sam local invoke`; without any, \
             `taskback invoke` handles an event as the shipped worker would",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_is_detected_by_its_variables() {
        let host = |set: &[&str]| find_by(|name| set.contains(&name)).map(FunctionHost::name);
        assert_eq!(host(&["AWS_LAMBDA_RUNTIME_API"]), Ok("lambda"));
        for name in FunctionCompute.variables() {
            assert_eq!(host(&[name]), Ok("fc"));
            assert_eq!(host(&[name, "AWS_LAMBDA_RUNTIME_API"]), Ok("lambda"));
        }
        assert!(host(&[]).unwrap_err().to_string().contains("taskback invoke"));
    }
}
