//! How the public listener receives connections: TLS, and the proxies in front of it.
use std::path::PathBuf;

/// The headers by which trusted proxies tell where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrustedHeaders {
    /// `X-Forwarded-For` and `X-Forwarded-Proto`.
    XForwarded,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// The certificate of the public listener.
#[derive(Debug, Clone)]
pub struct Tls {
    /// The PEM file of the certificate chain.
    pub cert: PathBuf,
    /// The PEM file of the private key.
    pub key: PathBuf,
    /// The PEM file of the authorities of client certificates; none: clients need none.
    pub client_ca: Option<PathBuf>,
}
