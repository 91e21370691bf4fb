//! The ways to each service, which all pass the same suites.

use std::fmt;

use taskback::{Service, Services, Sfn, Swf, aws};

/// A service, and how its requests are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Fnf,
    /// As signed requests, without the SDK's `send()`.
    Swf,
    /// Through a client of the user's own, with `send()`.
    SwfClient,
    /// As signed requests.
    Sfn,
    /// With `send()`.
    SfnClient,
    /// As signed requests, made by hand.
    Durable,
}

impl Route {
    pub(crate) const ALL: [Self; 6] =
        [Self::Fnf, Self::Swf, Self::SwfClient, Self::Sfn, Self::SfnClient, Self::Durable];
    pub(crate) const SWF: [Self; 2] = [Self::Swf, Self::SwfClient];
    pub(crate) const SFN: [Self; 2] = [Self::Sfn, Self::SfnClient];

    pub(crate) fn service(self) -> Service {
        match self {
            Self::Fnf => Service::Fnf,
            Self::Swf | Self::SwfClient => Service::Swf,
            Self::Sfn | Self::SfnClient => Service::Sfn,
            Self::Durable => Service::Durable,
        }
    }

    /// Clients of the server at `url`.
    pub(crate) fn services(self, url: &str) -> Services {
        let local = Services::local(url).unwrap();
        match self {
            Self::Fnf | Self::Swf | Self::Sfn | Self::Durable => local,
            Self::SwfClient => local.with(Swf::new(aws_sdk_swf::Client::new(&aws::local(url)))),
            Self::SfnClient => local.with(Sfn::new(aws_sdk_sfn::Client::new(&aws::local(url)))),
        }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fnf | Self::Swf | Self::Sfn | Self::Durable => self.service().fmt(f),
            Self::SwfClient => f.write_str("swf by send()"),
            Self::SfnClient => f.write_str("sfn by send()"),
        }
    }
}
