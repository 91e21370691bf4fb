//! A certificate for the sink, which the handlers trust through `SSL_CERT_FILE`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::error::Error;

/// The acceptor, and the file with the authority that signed its certificate.
#[derive(Clone)]
pub struct Tls {
    pub acceptor: TlsAcceptor,
    pub authority: PathBuf,
}

impl Tls {
    /// Makes a certificate for `localhost` and writes its authority to `dir`.
    pub fn new(dir: &Path) -> Result<Self, Error> {
        let mut params = CertificateParams::new(Vec::new())?;
        // OpenSSL treats a certificate as its own issuer if both have the same name.
        params.distinguished_name.push(DnType::CommonName, "bench authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(vec!["localhost".into()])?.signed_by(&key, &issuer)?;
        let authority = dir.join("authority.pem");
        // As many root certificates as on a typical machine.
        let others = std::fs::read_to_string("/etc/ssl/certs/ca-certificates.crt").unwrap_or_default();
        std::fs::write(&authority, issuer.pem() + &others)?;

        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)?;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), authority })
    }
}
