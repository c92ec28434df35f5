//! TLS towards clients: who gets which certificate, who is let in, who comes back.
//!
//! * here: certificates, a gate that uses them, clients that trust them.
//! * `names`: several certificates. `clients`: certificates of clients. `resumption`: handshakes that are taken up again.
//! * `profile`: what sslyze says of all of it.
mod clients;
mod names;
mod profile;
mod resumption;

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use chaperone::domain::time::{Clock, Span};
use hyper_util::rt::TokioIo;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, HandshakeKind, RootCertStore, SupportedProtocolVersion, version};
use serde_json::json;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::world::{Connection, HOST, Session, Via, World, body, engineers, members, request};

/// Longer than any story here waits, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
const DAY: Duration = Duration::from_hours(24);

/// Somebody who signs certificates.
struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key.
struct Pair {
    cert: rcgen::Certificate,
    key: KeyPair,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "An authority of tests");
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// A certificate for these names that began a day ago and ends so much later.
    fn lasting(&self, names: &[&str], length: Duration) -> Pair {
        let key = KeyPair::generate().unwrap();
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        let yesterday = Clock::system().now().plus(Span::from_seconds(-86_400)).as_seconds();
        params.not_before = rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(yesterday.try_into().unwrap());
        params.not_after = params.not_before + length;
        params.use_authority_key_identifier_extension = true;
        Pair { cert: params.signed_by(&key, &self.0).unwrap(), key }
    }

    /// A certificate for these names that lasts.
    fn issue(&self, names: &[&str]) -> Pair {
        self.lasting(names, 90 * DAY)
    }
}

/// Writes a pair as `NAME.pem` and `NAME-key.pem` into the world's folder.
fn keep(world: &World, name: &str, pair: &Pair) {
    fs::write(world.path(&format!("{name}-key.pem")), pair.key.serialize_pem()).unwrap();
    fs::write(world.path(&format!("{name}.pem")), pair.cert.pem()).unwrap();
}

/// A gate whose `server.tls` is this table, made of files that `prepare` writes; and Ada's session there.
async fn gate(table: &str, prepare: impl FnOnce(&World)) -> (World, Session) {
    let mut world = World::builder().tls().start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    prepare(&world);
    let before = fs::read_to_string(world.config()).unwrap();
    let after = before.replace("tls = { cert = \"cert.pem\", key = \"key.pem\" }", &format!("tls = {table}"));
    assert_ne!(before, after);
    fs::write(world.config(), after).unwrap();
    world.gate.terminate();
    assert!(world.gate.ended(PATIENCE).await.success());
    world.restart().await;
    (world, ada)
}

/// A TLS client that keeps what it may take up again.
struct Client(Arc<ClientConfig>);

/// A connection that was opened, before it is known whether the gate lets it in.
struct Opened {
    connection: Connection,
    kind: HandshakeKind,
    leaf: CertificateDer<'static>,
}

impl Client {
    /// One that trusts certificates of `authority`, and shows one of its own.
    fn new(authority: &Authority, own: Option<&Pair>, versions: &[&'static SupportedProtocolVersion]) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(authority.0.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
        let builder = builder.with_root_certificates(roots);
        let config = match own {
            None => builder.with_no_client_auth(),
            Some(Pair { cert, key }) => {
                let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
                builder.with_client_auth_cert(vec![cert.der().clone()], key).unwrap()
            }
        };
        Self(Arc::new(config))
    }

    /// One that speaks either version.
    fn any(authority: &Authority, own: Option<&Pair>) -> Self {
        Self::new(authority, own, &[&version::TLS12, &version::TLS13])
    }

    /// Opens a connection to the gate by this name.
    async fn open(&self, world: &World, name: &str) -> std::io::Result<Opened> {
        let socket = TcpStream::connect(world.gate.address).await.unwrap();
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let stream = TlsConnector::from(Arc::clone(&self.0)).connect(name, socket).await?;
        let tls = stream.get_ref().1;
        let (kind, leaf) = (tls.handshake_kind().unwrap(), tls.peer_certificates().unwrap()[0].clone().into_owned());
        Ok(Opened { connection: Connection::over(TokioIo::new(stream), Via::Http1).await, kind, leaf })
    }

    /// How the gate lets the client in; none: it does not.
    async fn enters(&self, world: &World, session: &Session) -> Option<HandshakeKind> {
        let mut opened = self.open(world, HOST).await.ok()?;
        opened.asks(session).await.then_some(opened.kind)
    }
}

impl Opened {
    /// Whether a request in the session is answered.
    async fn asks(&mut self, session: &Session) -> bool {
        let asked = request("GET", "/w/acme/a").header("cookie", session.cookie()).body(body("")).unwrap();
        self.connection.begin(asked).await.is_ok_and(|answer| answer.status() == 200)
    }
}
