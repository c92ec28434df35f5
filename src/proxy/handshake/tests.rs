//! Who may come back, and when the files change in the middle of a handshake.
use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;

use futures_util::poll;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, SupportedProtocolVersion, version};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsConnector;

use crate::domain::time::Span;

use super::*;

/// Longer than any handshake here takes.
const LONGEST: Duration = Duration::from_secs(30);

type Issuer = CertifiedIssuer<'static, KeyPair>;

fn issuer() -> Issuer {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate for `localhost` that lasts an hour by this clock, and its key.
fn hour(issuer: &Issuer, clock: &Clock) -> (rcgen::Certificate, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let now = u64::try_from(clock.now().as_seconds()).unwrap();
    params.not_after = rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(now + 3600);
    (params.signed_by(&key, issuer).unwrap(), key)
}

/// The files of a gate whose certificate, and whose clients', are by this issuer.
fn files(dir: &Path, issuer: &Issuer, clock: &Clock) -> config::Tls {
    let (cert, key) = hour(issuer, clock);
    let write = |name: &str, text: String| {
        fs::write(dir.join(name), text).unwrap();
        dir.join(name)
    };
    let pair = config::Certificate { cert: write("c.pem", cert.pem()), key: write("k.pem", key.serialize_pem()) };
    config::Tls { certificates: vec![pair], client_ca: Some(write("ca.pem", issuer.pem())) }
}

/// A client that this issuer vouches for, and that takes up earlier sessions where it can.
fn client(issuer: &Issuer, clock: &Clock, version: &'static SupportedProtocolVersion) -> Arc<ClientConfig> {
    let (cert, key) = hour(issuer, clock);
    let mut roots = RootCertStore::empty();
    roots.add(issuer.der().clone()).unwrap();
    let chain: Vec<CertificateDer<'static>> = vec![cert.der().clone()];
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(profile::provider()));
    let builder = builder.with_protocol_versions(&[version]).unwrap().with_root_certificates(roots);
    Arc::new(builder.with_client_auth_cert(chain, key).unwrap())
}

/// One connection: what the gate makes of it, and the kind of its handshake as the client saw it.
async fn connect(tls: &Tls, client: &Arc<ClientConfig>) -> (bool, Option<HandshakeKind>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let dialed = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (accepted, _) = listener.accept().await.unwrap();
    let serve = async {
        let Some(mut stream) = tls.shake(accepted, LONGEST).await else { return false };
        stream.write_all(b"!").await.unwrap();
        true
    };
    let dial = async {
        let name = ServerName::try_from("localhost").unwrap();
        let mut stream = TlsConnector::from(Arc::clone(client)).connect(name, dialed).await.unwrap();
        // Tickets come with the first byte.
        let _ = stream.read_u8().await;
        stream.get_ref().1.handshake_kind()
    };
    tokio::join!(serve, dial)
}

#[tokio::test]
async fn nobody_comes_back_on_a_certificate_that_is_over() {
    for version in [&version::TLS12, &version::TLS13] {
        let (clock, issuer, dir) = (Clock::system(), issuer(), tempfile::tempdir().unwrap());
        let tls = Tls::new(&files(dir.path(), &issuer, &clock), &clock).unwrap();
        let client = client(&issuer, &clock, version);
        assert_eq!(connect(&tls, &client).await, (true, Some(HandshakeKind::Full)));
        assert_eq!(connect(&tls, &client).await, (true, Some(HandshakeKind::Resumed)));
        clock.shift(Span::from_seconds(2 * 3600));
        assert!(!connect(&tls, &client).await.0, "{version:?}");
    }
}

#[tokio::test]
async fn a_handshake_that_began_before_the_authorities_changed_is_judged_by_the_new_ones() {
    let (clock, old, dir) = (Clock::system(), issuer(), tempfile::tempdir().unwrap());
    let tls = Tls::new(&files(dir.path(), &old, &clock), &clock).unwrap();
    let client = client(&old, &clock, &version::TLS13);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let dialed = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (accepted, _) = listener.accept().await.unwrap();
    let shaking = tls.shake(accepted, LONGEST);
    tokio::pin!(shaking);
    assert!(poll!(&mut shaking).is_pending(), "it waits for the client");

    fs::write(dir.path().join("ca.pem"), issuer().pem()).unwrap();
    assert!(tls.reload().unwrap());
    let connector = TlsConnector::from(client);
    let dial = connector.connect(ServerName::try_from("localhost").unwrap(), dialed);
    assert!(tokio::join!(shaking, dial).0.is_none());
}

#[test]
fn nothing_replaces_authorities_that_are_broken_or_none() {
    let (clock, issuer, dir) = (Clock::system(), issuer(), tempfile::tempdir().unwrap());
    let tls = Tls::new(&files(dir.path(), &issuer, &clock), &clock).unwrap();
    let half = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for broken in [String::new(), "mallory".to_owned(), half.to_owned(), issuer.pem() + half] {
        fs::write(dir.path().join("ca.pem"), &broken).unwrap();
        let error = tls.reload().unwrap_err().to_string();
        assert!(error.contains("ca.pem"), "{error}");
    }
    fs::write(dir.path().join("ca.pem"), issuer.pem()).unwrap();
    assert!(!tls.reload().unwrap(), "the files say what is in force");
}
