//! The certificates of which a server's must be.

use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::driver::Failure;

/// Those of the file, or those that the machine trusts.
pub(super) fn roots(ca: Option<&Path>) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let refused = |reason: &str| Failure::Refused(reason.to_owned());
    let found: Vec<_> = match ca {
        Some(path) => CertificateDer::pem_file_iter(path)
            .and_then(Iterator::collect)
            .map_err(|_| refused("ca: the file cannot be read as certificates in PEM"))?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    if found.is_empty() {
        return Err(refused("no certificate to trust; set the parameter ca=FILE"));
    }
    Ok(found)
}

/// The next step where a handshake failed.
pub(super) const UNTRUSTED: &str = "no TLS with this server; check its certificate and the parameter ca=FILE, or set tls=off on a network that you trust";
