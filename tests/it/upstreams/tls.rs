//! Whom the gate believes to be the app, and how it proves to the app who it is itself.
use std::sync::Arc;

use rcgen::{CertificateParams, CertifiedKey, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

use super::origin::Origin;
use super::started;
use crate::world::{Session, World, chaperone, refused};

/// An authority that nobody else knows.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
    certificate: rcgen::Certificate,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self { pem: certificate.pem(), issuer: Issuer::new(params, key), certificate }
    }

    fn certify(&self, name: &str) -> CertifiedKey<KeyPair> {
        let signing_key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        CertifiedKey { cert: params.signed_by(&signing_key, &self.issuer).unwrap(), signing_key }
    }

    /// TLS for an app of this name; `clients` must have signed who connects.
    fn tls(&self, name: &str, clients: Option<&Self>) -> TlsAcceptor {
        let CertifiedKey { cert, signing_key } = self.certify(name);
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(clients) => {
                let mut roots = RootCertStore::empty();
                roots.add(clients.certificate.der().clone()).unwrap();
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
        TlsAcceptor::from(Arc::new(builder.with_single_cert(vec![cert.der().clone()], key).unwrap()))
    }
}

/// A world whose app is reached as `localhost`, with these files and keys for its TLS.
async fn world(origin: &Origin, files: &[(&'static str, String)], tls: &str) -> (World, Session) {
    let url = format!("https://localhost:{}", origin.address.port());
    let mut builder = World::builder().origins(&[url]).route(&format!("upstream_tls = {{ {tls} }}"));
    for (name, content) in files {
        builder = builder.file(name, content.clone());
    }
    started(builder).await
}

#[tokio::test]
async fn an_app_with_a_certificate_of_a_private_authority_is_believed_by_that_authority_alone() {
    let (ours, other) = (Authority::new(), Authority::new());
    let origin = Origin::secure(ours.tls("localhost", None)).await;
    let (trusting, ada) = world(&origin, &[("ca.pem", ours.pem.clone())], "ca = \"ca.pem\"").await;
    trusting.ask(&ada, "GET", "/w/acme/a").await.expect(200);
    let (wary, ada) = world(&origin, &[("ca.pem", other.pem.clone())], "ca = \"ca.pem\"").await;
    assert_eq!(wary.ask(&ada, "GET", "/w/acme/a").await.problem(), refused(502, "upstream-unreachable"));
    assert_eq!(origin.came().len(), 1, "nothing was sent to whom it does not believe");
}

#[tokio::test]
async fn an_app_is_who_its_certificate_names_unless_the_file_names_another() {
    let ours = Authority::new();
    let origin = Origin::secure(ours.tls("app.internal", None)).await;
    let ca = [("ca.pem", ours.pem.clone())];
    let (wary, ada) = world(&origin, &ca, "ca = \"ca.pem\"").await;
    assert_eq!(wary.ask(&ada, "GET", "/w/acme/a").await.problem(), refused(502, "upstream-unreachable"));
    assert!(origin.came().is_empty());
    let (named, ada) = world(&origin, &ca, "ca = \"ca.pem\", server_name = \"app.internal\"").await;
    named.ask(&ada, "GET", "/w/acme/a").await.expect(200);
}

#[tokio::test]
async fn an_app_that_demands_a_certificate_gets_the_gates() {
    let (ours, clients) = (Authority::new(), Authority::new());
    let origin = Origin::secure(ours.tls("localhost", Some(&clients))).await;
    let gate = clients.certify("gate");
    let files = [
        ("ca.pem", ours.pem.clone()),
        ("gate.pem", gate.cert.pem()),
        ("gate-key.pem", gate.signing_key.serialize_pem()),
    ];
    let (world_without, ada) = world(&origin, &files, "ca = \"ca.pem\"").await;
    assert_eq!(world_without.ask(&ada, "GET", "/w/acme/a").await.problem(), refused(502, "upstream-unreachable"));
    assert!(origin.came().is_empty());
    let identity = "ca = \"ca.pem\", cert = \"gate.pem\", key = \"gate-key.pem\"";
    let (world_with, ada) = world(&origin, &files, identity).await;
    world_with.ask(&ada, "GET", "/w/acme/a").await.expect(200);
}

#[tokio::test]
async fn a_file_that_is_no_certificate_is_named_before_anything_serves() {
    let origin = Origin::start().await;
    let (mut world, _ada) = super::world(&[&origin], "").await;
    world.gate.kill();
    std::fs::write(world.path("ca.pem"), "nothing of the kind").unwrap();
    let file = std::fs::read_to_string(world.config()).unwrap();
    let route = "upstream = [\"https://localhost:1\"]\nupstream_tls = { ca = \"ca.pem\" }";
    let broken = file.replace(&format!("upstream = [\"{}\"]", origin.url()), route);
    std::fs::write(world.path("broken.toml"), broken).unwrap();
    let path = world.path("broken.toml");
    let ended = chaperone(&["serve", "--config", path.to_str().unwrap()]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("ca.pem") && ended.stderr.contains("no certificate"), "{}", ended.stderr);
}
