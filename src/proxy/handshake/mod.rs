//! TLS towards clients: every handshake by the files as they were read last.
//!
//! * here: handshakes, reading the files again, and who may come back without a whole handshake.
//! * `files`: what the files hold. `certificates`: which of them a client gets. `profile`: what is spoken.
mod certificates;
mod files;
mod profile;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::pki_types::UnixTime;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::time_provider::TimeProvider;
use rustls::{HandshakeKind, RootCertStore, ServerConfig, ServerConnection};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::config;
use crate::domain::time::Clock;

use super::pem::PemFile;
use certificates::Certificates;
use files::Content;

pub use files::HandshakeError;

/// Ends TLS.
#[derive(Clone)]
pub struct Tls {
    files: Arc<config::Tls>,
    time: Arc<WallTime>,
    current: Arc<ArcSwap<Read>>,
}

/// What the files said, and what was made of it.
struct Read {
    content: Content,
    server: Arc<ServerConfig>,
    /// Judges clients' certificates; none: clients need none.
    clients: Option<Arc<dyn ClientCertVerifier>>,
}

/// By which certificates begin and end: it never goes back.
#[derive(Debug)]
struct WallTime(Arc<Clock>);

impl TimeProvider for WallTime {
    fn current_time(&self) -> Option<UnixTime> {
        let since = u64::try_from(self.0.now().as_millis()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_millis(since)))
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls(…)")
    }
}

impl Tls {
    /// Reads the files. `clock` tells which certificates of clients are over.
    ///
    /// # Errors
    /// When a file cannot be read or used.
    pub fn new(files: &config::Tls, clock: &Arc<Clock>) -> Result<Self, HandshakeError> {
        let time = Arc::new(WallTime(Arc::clone(clock)));
        let current = ArcSwap::from_pointee(Read::new(Content::read(files)?, &time)?);
        Ok(Self { files: Arc::new(files.clone()), time, current: Arc::new(current) })
    }

    /// The files that it is made of.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        let pairs = self.files.certificates.iter().flat_map(|pair| [&pair.cert, &pair.key]);
        pairs.chain(&self.files.client_ca).cloned().collect()
    }

    /// Reads the files again; handshakes from now on use them, and no earlier one is taken up again: its client may have
    /// been let in by other authorities. Connections go on. Returns whether the files say something else than before.
    ///
    /// # Errors
    /// When a file cannot be read or used, or certificate and key do not fit together: then nothing changes.
    pub fn reload(&self) -> Result<bool, HandshakeError> {
        let content = Content::read(&self.files)?;
        if content == self.current.load().content {
            return Ok(false);
        }
        self.current.store(Arc::new(Read::new(content, &self.time)?));
        Ok(true)
    }

    /// Shakes hands; none when the client does not come to an end with it, or may not come in.
    pub(super) async fn shake(&self, socket: TcpStream, longest: Duration) -> Option<TlsStream<TcpStream>> {
        let used = self.current.load_full();
        let acceptor = TlsAcceptor::from(Arc::clone(&used.server));
        match tokio::time::timeout(longest, acceptor.accept(socket)).await {
            Ok(Ok(stream)) => self.admits(&used, stream.get_ref().1).then_some(stream),
            Ok(Err(error)) => {
                tracing::debug!(%error, "a TLS handshake failed");
                None
            }
            Err(_) => None,
        }
    }

    /// Whether the client's certificate counts at this moment. The handshake has seen to that, unless it took an earlier
    /// one up again, for which nobody looks at the certificate, or the files have changed since it began.
    fn admits(&self, used: &Arc<Read>, connection: &ServerConnection) -> bool {
        let current = self.current.load();
        let Some(clients) = &current.clients else { return true };
        if connection.handshake_kind() != Some(HandshakeKind::Resumed) && Arc::ptr_eq(&current, used) {
            return true;
        }
        let certificates = connection.peer_certificates().and_then(<[_]>::split_first);
        let Some(((leaf, chain), now)) = certificates.zip(self.time.current_time()) else { return false };
        match clients.verify_client_cert(leaf, chain, now) {
            Ok(_) => true,
            Err(error) => {
                tracing::debug!(%error, "a client's certificate counts no more");
                false
            }
        }
    }
}

impl Read {
    fn new(content: Content, time: &Arc<WallTime>) -> Result<Self, HandshakeError> {
        let certificates = Arc::new(Certificates::new(&content.pairs)?);
        let clients = content.client_ca.as_ref().map(judge).transpose()?;
        let server = profile::server(certificates, clients.clone(), Arc::<WallTime>::clone(time));
        Ok(Self { server: server.map_err(HandshakeError::Setup)?, content, clients })
    }
}

/// Who judges clients' certificates by these authorities.
fn judge(authorities: &PemFile) -> Result<Arc<dyn ClientCertVerifier>, HandshakeError> {
    let mut roots = RootCertStore::empty();
    for certificate in authorities.certificates()? {
        roots.add(certificate).map_err(|source| authorities.unfit(source))?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(profile::provider()))
        .build()
        .map_err(|source| HandshakeError::ClientAuthorities { path: authorities.path.clone(), source })
}
