use taskback_http::Network;

use super::read::Reader;

/// Checks proxies and files of root certificates; each HTTP client reads them itself.
pub(super) fn check(read: &mut Reader) {
    Network::VARIABLES.iter().for_each(|name| drop(read.text(name)));
    if let Err(error) = Network::from_vars(|name| read.foreign_text(name)) {
        error.0.iter().for_each(|error| read.error(error));
    }
}
