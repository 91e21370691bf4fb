//! Proxies, authorities and the texts of failures, against servers of the tests' own.

use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{CertificateParams, CertifiedIssuer, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::*;

const HOST: &str = "swf.example.test";

#[tokio::test]
async fn tunnel_carries_tls_end_to_end() {
    let authority = Authority::new("a");
    let server = serve_tls(authority.tls_for(HOST)).await;
    let proxy = serve_proxy(server, "HTTP/1.1 200 OK\r\n\r\n").await;
    let client = client(&[("HTTPS_PROXY", &format!("http://user:pass@{proxy}"))], Some(&authority));
    let response = client.send(request(&format!("https://{HOST}/")), limits()).await.unwrap();
    assert_eq!((response.status, &*response.body), (200, &b"ok"[..]));
}

#[tokio::test]
async fn plain_http_uses_a_tunnel_too() {
    let server = serve_plain().await;
    let proxy = serve_proxy(server, "HTTP/1.1 200 OK\r\n\r\n").await;
    let client = client(&[("HTTP_PROXY", &proxy.to_string())], None);
    let response = client.send(request(&format!("http://{HOST}/")), limits()).await.unwrap();
    assert_eq!(response.status, 200);
}

#[tokio::test]
async fn loopback_is_reached_without_the_proxy() {
    let server = serve_plain().await;
    let client = client(&[("ALL_PROXY", "http://127.0.0.1:1")], None);
    assert_eq!(client.send(request(&format!("http://{server}/")), limits()).await.unwrap().status, 200);
}

#[tokio::test]
async fn failures_name_host_proxy_and_cause() {
    let refused = closed_port().await;
    let through = |answer| async move { serve_proxy(closed_port().await, answer).await };
    let (needs_user, forbids, hangs_up) = (
        through("HTTP/1.1 407 No\r\n\r\n").await,
        through("HTTP/1.1 403 No\r\n\r\n").await,
        through("").await,
    );
    let place = |proxy| format!("{HOST} through the proxy {proxy}: ");
    for (vars, url, expected) in [
        (vec![], format!("http://{refused}/"), format!("{refused}: connection refused")),
        (vec![], "https://nowhere.invalid/".into(), "nowhere.invalid: the name cannot be resolved: ".into()),
        (
            vec![("HTTPS_PROXY", format!("http://u:secret@{refused}"))],
            format!("https://{HOST}/"),
            place(refused.to_string()) + "the proxy cannot be reached: connection refused",
        ),
        (
            vec![("HTTPS_PROXY", "http://nowhere.invalid:3128".into())],
            format!("https://{HOST}/"),
            place("nowhere.invalid:3128".into())
                + "the proxy cannot be reached: the name cannot be resolved: ",
        ),
        (
            vec![("HTTPS_PROXY", needs_user.to_string())],
            format!("https://{HOST}/"),
            place(needs_user.to_string())
                + "the proxy refused the connection: tunnel error: proxy authorization required",
        ),
        (
            vec![("HTTPS_PROXY", forbids.to_string())],
            format!("https://{HOST}/"),
            place(forbids.to_string()) + "the proxy refused the connection: tunnel error: unsuccessful",
        ),
        (
            vec![("HTTPS_PROXY", hangs_up.to_string())],
            format!("https://{HOST}/"),
            place(hangs_up.to_string())
                + "the proxy refused the connection: tunnel error: unexpected end of file",
        ),
    ] {
        let vars: Vec<_> = vars.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let failure = client(&vars, None).send(request(&url), limits()).await.unwrap_err();
        let Failure::NotSent(reason) = failure else { panic!("{failure:?}") };
        assert!(reason.starts_with(&expected) && !reason.contains("secret"), "{reason}, expected {expected}");
    }
}

#[tokio::test]
async fn tls_failures_state_the_reason() {
    let (authority, other) = (Authority::new("a"), Authority::new("b"));
    let known = serve_tls(authority.tls_for("127.0.0.1")).await;
    let wrong_name = serve_tls(authority.tls_for("other.example")).await;
    let plain = serve(|mut connection| async move {
        connection.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    })
    .await;
    for (server, trusted, expected) in [
        (
            known,
            &other,
            "TLS: invalid peer certificate: UnknownIssuer; AWS_CA_BUNDLE or SSL_CERT_FILE can name",
        ),
        (
            wrong_name,
            &authority,
            "TLS: invalid peer certificate: certificate not valid for name \"127.0.0.1\"",
        ),
        (plain, &authority, "TLS: received corrupt message"),
    ] {
        let failure = client(&[], Some(trusted)).send(request(&format!("https://{server}/")), limits()).await;
        let Err(Failure::NotSent(reason)) = failure else { panic!("{failure:?}") };
        assert!(reason.starts_with(&format!("{server}: {expected}")), "{reason}");
    }
    let client = client(&[], Some(&authority));
    assert_eq!(client.send(request(&format!("https://{known}/")), limits()).await.unwrap().status, 200);
}

#[tokio::test(start_paused = true)]
async fn silent_servers_end_in_time() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = silent.local_addr().unwrap();
    for (url, expected) in [
        (format!("https://{server}/"), format!("{server}: no connection in time")),
        (format!("http://{server}/"), format!("{server}: no response in time")),
    ] {
        let failure =
            client(&[], Some(&Authority::new("a"))).send(request(&url), limits()).await.unwrap_err();
        assert_eq!(failure.to_string(), expected);
    }
}

fn client(vars: &[(&str, &str)], trusted: Option<&Authority>) -> HttpClient {
    let mut network = Network::from_vars(|name| {
        vars.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned())
    })
    .unwrap();
    network.roots = trusted.map(|authority| roots::Bundle::from_certificate(authority.certificate.clone()));
    HttpClient::with_network(Duration::from_secs(2), Duration::ZERO, Roots::IfAny, network).unwrap()
}

fn request(url: &str) -> Request<Full<Bytes>> {
    Request::post(url).body(Full::default()).unwrap()
}

fn limits() -> Limits {
    let read_timeout = Duration::from_secs(5);
    Limits { read_timeout, deadline: Instant::now() + 2 * read_timeout, max_body: 100 }
}

/// An authority of certificates.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let certificate = issuer.der().clone();
        Self { issuer, certificate }
    }

    fn tls_for(&self, name: &str) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let issuer: &Issuer<'_, KeyPair> = &self.issuer;
        let certificate = params.signed_by(&key, issuer).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

async fn serve_tls(tls: TlsAcceptor) -> SocketAddr {
    serve(move |connection| {
        let tls = tls.clone();
        async move {
            if let Ok(connection) = tls.accept(connection).await {
                answer(connection).await;
            }
        }
    })
    .await
}

async fn serve_plain() -> SocketAddr {
    serve(answer).await
}

/// Answers CONNECT with that text, and leads to `server` what follows.
async fn serve_proxy(server: SocketAddr, text: &'static str) -> SocketAddr {
    serve(move |mut connection: TcpStream| async move {
        let head = read_head(&mut connection).await;
        assert!(head.starts_with(&format!("CONNECT {HOST}:")), "{head}");
        assert!(!head.contains("POST"), "{head}");
        connection.write_all(text.as_bytes()).await.unwrap();
        if let (true, Ok(mut server)) = (text.contains("200"), TcpStream::connect(server).await) {
            let _end = copy_bidirectional(&mut connection, &mut server).await;
        }
    })
    .await
}

async fn serve<F: Future<Output = ()> + Send + 'static>(
    each: impl Fn(TcpStream) -> F + Send + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(each(connection));
        }
    });
    address
}

async fn answer(mut connection: impl AsyncReadExt + AsyncWriteExt + Unpin) {
    read_head(&mut connection).await;
    let _sent = connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
}

async fn read_head(connection: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = connection.read_u8().await else { break };
        head.push(byte);
    }
    String::from_utf8(head).unwrap_or_default()
}

async fn closed_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}
