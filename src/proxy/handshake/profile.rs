//! What TLS is spoken: Mozilla's intermediate profile (version 5.7), but for its DHE suites, which rustls does not have.
use std::sync::Arc;

use rustls::crypto::aws_lc_rs::{Ticketer, cipher_suite, default_provider, kx_group};
use rustls::crypto::{CryptoProvider, SupportedKxGroup};
use rustls::server::ResolvesServerCert;
use rustls::server::danger::ClientCertVerifier;
use rustls::time_provider::TimeProvider;
use rustls::version::{TLS12, TLS13};
use rustls::{Error, ServerConfig, SupportedCipherSuite};

/// The suites, in the profile's order. Among them the client's own order counts: it knows what is fast on its machine.
static SUITES: [SupportedCipherSuite; 9] = [
    cipher_suite::TLS13_AES_128_GCM_SHA256,
    cipher_suite::TLS13_AES_256_GCM_SHA384,
    cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
    cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    cipher_suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
];

/// The profile's curves, and before them X25519 with ML-KEM-768: what is recorded today is not read when quantum computers come.
static GROUPS: [&dyn SupportedKxGroup; 4] =
    [kx_group::X25519MLKEM768, kx_group::X25519, kx_group::SECP256R1, kx_group::SECP384R1];

/// The cryptography of the profile.
pub(super) fn provider() -> CryptoProvider {
    CryptoProvider { cipher_suites: SUITES.to_vec(), kx_groups: GROUPS.to_vec(), ..default_provider() }
}

/// TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1 by ALPN, no early data. Clients come back by tickets, whose keys are in memory alone:
/// made anew for each set of files, replaced every six hours, and refused when they are twelve hours old.
///
/// # Errors
/// When this machine's cryptography does not work.
pub(super) fn server(
    certificates: Arc<dyn ResolvesServerCert>,
    clients: Option<Arc<dyn ClientCertVerifier>>,
    time: Arc<dyn TimeProvider>,
) -> Result<Arc<ServerConfig>, Error> {
    let builder = ServerConfig::builder_with_details(Arc::new(provider()), time);
    let builder = builder.with_protocol_versions(&[&TLS13, &TLS12])?;
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(clients) => builder.with_client_cert_verifier(clients),
    };
    let mut server = builder.with_cert_resolver(certificates);
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    server.ticketer = Ticketer::new()?;
    Ok(Arc::new(server))
}
