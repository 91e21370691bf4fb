//! The certificates of which a server's must be.

use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use taskback_http::certificates;

use super::driver::Failure;
use crate::environment;

/// Those of the file, or else of `AWS_CA_BUNDLE`, or else those that the machine trusts.
pub(super) fn roots(ca: Option<&Path>) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let refused = |reason: &str| Failure::Refused(reason.to_owned());
    let bundle = environment::text("AWS_CA_BUNDLE").map(PathBuf::from);
    let name = if ca.is_some() { "ca" } else { "AWS_CA_BUNDLE" };
    let unreadable = |_| refused(&format!("{name}: the file cannot be read as certificates in PEM"));
    let found = match ca.or(bundle.as_deref()) {
        Some(path) => certificates(path).map_err(unreadable)?,
        None => usable(rustls_native_certs::load_native_certs().certs),
    };
    if found.is_empty() {
        return Err(refused("no certificate to trust; set the parameter ca=FILE"));
    }
    Ok(found)
}

/// A machine may trust a certificate that rustls cannot read; it must not hinder the others.
fn usable(mut certificates: Vec<CertificateDer<'static>>) -> Vec<CertificateDer<'static>> {
    let mut store = RootCertStore::empty();
    certificates.retain(|certificate| store.add(certificate.clone()).is_ok());
    certificates
}

/// The next step where a handshake failed.
pub(super) const UNTRUSTED: &str = "no TLS with this server; check its certificate and the parameter ca=FILE, or set tls=off on a network that you trust";
