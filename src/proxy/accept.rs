//! Accepts connections on the public listener.
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::gate::Gate;
use super::handshake::Tls;
use super::proxy_protocol;
use super::serve::{Connection, serve};

/// A pause after the system refused to accept, so that a lack of descriptors does not become a busy loop.
const PAUSE: Duration = Duration::from_millis(50);

/// The public listener.
#[derive(Debug)]
pub struct Listener {
    /// Where clients connect.
    pub socket: TcpListener,
    /// TLS; none: plaintext.
    pub tls: Option<Tls>,
}

/// Accepts until `stop`; connections finish what they have begun. `reserved` answers everything under `/.chaperone/`.
pub async fn accept(listener: Listener, gate: Arc<Gate>, reserved: Router, stop: CancellationToken) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.socket.accept() => accepted,
            () = stop.cancelled() => return,
        };
        match accepted {
            Ok((socket, peer)) => {
                let (gate, reserved, tls) = (Arc::clone(&gate), reserved.clone(), listener.tls.clone());
                let tasks = gate.tasks.clone();
                tasks.spawn(connect(socket, peer, tls, gate, reserved, stop.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn connect(
    mut socket: TcpStream,
    address: SocketAddr,
    tls: Option<Tls>,
    gate: Arc<Gate>,
    reserved: Router,
    stop: CancellationToken,
) {
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    let Some(peer) = proxy_protocol::peer(&mut socket, address.ip(), &gate.server).await else { return };
    let secure = tls.is_some() || gate.server.behind_tls_proxy;
    let connection = Connection { gate, reserved, peer, secure };
    match tls {
        None => serve(TokioIo::new(socket), connection, stop).await,
        Some(tls) => {
            if let Some(stream) = tls.shake(socket).await {
                serve(TokioIo::new(stream), connection, stop).await;
            }
        }
    }
}
