use crate::Error;

/// Where this process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Host {
    Lambda,
    FunctionCompute,
}

impl Host {
    /// By the variables that only a host sets; the first line of the log says which it is.
    pub(super) fn find() -> Result<Self, Error> {
        let host = Self::of(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))?;
        tracing::info!(runtime = host.name(), version = env!("CARGO_PKG_VERSION"), "taskback starts");
        Ok(host)
    }

    fn of(is_set: impl Fn(&str) -> bool) -> Result<Self, Error> {
        if is_set("AWS_LAMBDA_RUNTIME_API") {
            Ok(Self::Lambda)
        } else if FUNCTION_COMPUTE.into_iter().any(is_set) {
            Ok(Self::FunctionCompute)
        } else {
            Err(Error::new(
                "neither AWS_LAMBDA_RUNTIME_API nor FC_SERVER_PORT is set: a function's executable is started by \
                 AWS Lambda or Function Compute, or here by an emulator such as `sam local invoke`; without any, \
                 `taskback invoke` handles an event as the shipped worker would",
            ))
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Lambda => "lambda",
            Self::FunctionCompute => "fc",
        }
    }
}

/// Any of them: not every generation of Function Compute sets all.
const FUNCTION_COMPUTE: [&str; 3] = ["FC_SERVER_PORT", "FC_CUSTOM_LISTEN_PORT", "FC_FUNCTION_NAME"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_known_by_its_own_variables() {
        let host = |set: &[&str]| Host::of(|name| set.contains(&name));
        assert_eq!(host(&["AWS_LAMBDA_RUNTIME_API"]), Ok(Host::Lambda));
        for name in FUNCTION_COMPUTE {
            assert_eq!(host(&[name]), Ok(Host::FunctionCompute));
            assert_eq!(host(&[name, "AWS_LAMBDA_RUNTIME_API"]), Ok(Host::Lambda));
        }
        assert!(host(&[]).unwrap_err().to_string().contains("taskback invoke"));
    }
}
