use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use hyper_rustls::ConfigBuilderExt;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

/// The use of root certificates for TLS: those of the file that the environment names, or else the machine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Roots {
    /// A machine without root certificates is an error of [`HttpClient::new`](crate::HttpClient::new).
    Required,
    /// On a machine without root certificates every TLS handshake fails; plain HTTP works.
    IfAny,
    /// They are not read; only plain HTTP works.
    None,
}

/// The certificates of a file in place of the machine's.
#[derive(Clone)]
pub(crate) struct Bundle(Arc<RootCertStore>);

impl Bundle {
    pub(crate) fn from_vars(var: &impl Fn(&str) -> Option<String>) -> Result<Option<Self>, String> {
        let mut files =
            ["AWS_CA_BUNDLE", "SSL_CERT_FILE"].into_iter().filter_map(|name| Some((name, var(name)?)));
        let Some((name, path)) = files.next() else { return Ok(None) };
        read(&path)
            .map(|store| Some(Self(Arc::new(store))))
            .map_err(|reason| format!("{name}: {path}: {reason}"))
    }

    #[cfg(test)]
    pub(crate) fn from_certificate(certificate: CertificateDer<'_>) -> Self {
        let mut store = RootCertStore::empty();
        store.add(certificate).unwrap();
        Self(Arc::new(store))
    }
}

impl fmt::Debug for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bundle({} certificates)", self.0.len())
    }
}

/// The TLS of a client; `bundle` replaces the machine's roots.
pub(crate) fn tls(roots: Roots, bundle: Option<&Bundle>) -> io::Result<ClientConfig> {
    let builder = || {
        ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)
    };
    let store = match (roots, bundle) {
        (Roots::None, _) => Arc::new(RootCertStore::empty()),
        (_, Some(Bundle(store))) => Arc::clone(store),
        (Roots::Required, None) => return Ok(builder()?.with_native_roots()?.with_no_client_auth()),
        (Roots::IfAny, None) => match builder()?.with_native_roots() {
            Ok(config) => return Ok(config.with_no_client_auth()),
            Err(_) => Arc::new(RootCertStore::empty()),
        },
    };
    Ok(builder()?.with_root_certificates(store).with_no_client_auth())
}

/// Reads a file of certificates in PEM, which may hold none. The error says what is wrong with it, without its name.
pub fn certificates(path: impl AsRef<Path>) -> Result<Vec<CertificateDer<'static>>, String> {
    let file = std::fs::read(path).map_err(|error| error.to_string())?;
    let read = |(index, certificate): (usize, Result<_, _>)| {
        certificate.map_err(|error| format!("certificate {} cannot be read as PEM: {error}", index + 1))
    };
    CertificateDer::pem_slice_iter(&file).enumerate().map(read).collect()
}

fn read(path: &str) -> Result<RootCertStore, String> {
    let mut store = RootCertStore::empty();
    for (index, certificate) in certificates(path)?.into_iter().enumerate() {
        let unusable = |error| format!("certificate {} cannot be used: {error}", index + 1);
        store.add(certificate).map_err(unusable)?;
    }
    if store.is_empty() {
        return Err("expected certificates in PEM, found none".to_owned());
    }
    Ok(store)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn bundle(name: &'static str, path: &str) -> Result<Option<Bundle>, String> {
        let path = path.to_owned();
        Bundle::from_vars(&move |asked| (asked == name).then(|| path.clone()))
    }

    #[test]
    fn bundle_errors_name_variable_and_file() {
        let folder = std::env::temp_dir().join(format!("taskback-http-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = |name: &str, text: &[u8]| {
            let path = folder.join(name);
            fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let cases = [
            ("/missing/ca.pem".to_owned(), "No such file"),
            (folder.to_str().unwrap().to_owned(), "Is a directory"),
            (file("empty", b""), "found none"),
            (file("text", b"not PEM"), "found none"),
            (
                file("der", b"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n"),
                "certificate 1 cannot be read",
            ),
            (
                file("junk", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
                "certificate 1 cannot be used",
            ),
        ];
        for (path, reason) in cases {
            let error = bundle("AWS_CA_BUNDLE", &path).unwrap_err();
            assert!(
                error.starts_with(&format!("AWS_CA_BUNDLE: {path}: ")) && error.contains(reason),
                "{error}"
            );
        }
        fs::remove_dir_all(&folder).unwrap();
        assert!(bundle("OTHER", "/missing").unwrap().is_none());
        assert!(bundle("SSL_CERT_FILE", "/missing").unwrap_err().starts_with("SSL_CERT_FILE: "));
    }
}
