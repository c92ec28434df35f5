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

/// Whether trusted proxies begin their connections with a header of the PROXY protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyProtocol {
    /// No: such a header is a bad request.
    Off,
    /// Yes: a connection of theirs without one is closed.
    Required,
}

/// TLS of the public listener.
#[derive(Debug, Clone)]
pub struct Tls {
    /// At least one: a client gets the first that is for the host it asks for, else the first.
    pub certificates: Vec<Certificate>,
    /// The PEM file of the authorities of client certificates; none: clients need none.
    pub client_ca: Option<PathBuf>,
}

/// A certificate and its key.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The PEM file of the certificate chain.
    pub cert: PathBuf,
    /// The PEM file of the private key.
    pub key: PathBuf,
}
