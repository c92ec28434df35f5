//! Accepts connections on the public listener.
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::limits::{Notice, Seat};

use super::client_address::Peer;
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
    let complaints = Notice::default();
    loop {
        let accepted = tokio::select! {
            accepted = listener.socket.accept() => accepted,
            () = stop.cancelled() => return,
        };
        match accepted {
            Ok((socket, peer)) => {
                let address = peer.ip().to_canonical();
                let client = own_share(Peer::at(address, &gate.server.trusted_proxies));
                // Too many are open: it is closed, and nothing is done for it.
                let Some(seat) = gate.limits.connection(client) else { continue };
                let (tls, connection) = (listener.tls.clone(), Arc::clone(&gate));
                let arrived = Arrived { socket, address, seat };
                gate.tasks.spawn(connect(arrived, tls, connection, reserved.clone(), stop.clone()));
            }
            Err(error) => {
                if let Some(count) = complaints.due(gate.clock.uptime()) {
                    tracing::warn!(%error, count, "cannot accept a connection");
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Whose share of the connections this one is of; nobody's when a proxy that we trust brings it: many clients come by it.
fn own_share(peer: Peer) -> Option<IpAddr> {
    (!peer.is_trusted).then_some(peer.address)
}

/// A connection that has a place.
struct Arrived {
    socket: TcpStream,
    address: IpAddr,
    seat: Seat,
}

async fn connect(arrived: Arrived, tls: Option<Tls>, gate: Arc<Gate>, reserved: Router, stop: CancellationToken) {
    let Arrived { mut socket, address, seat } = arrived;
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    let Some(peer) = proxy_protocol::peer(&mut socket, address, &gate.server).await else { return };
    let secure = tls.is_some() || gate.server.behind_tls_proxy;
    let connection = Connection { gate: Arc::clone(&gate), reserved, peer, secure };
    match tls {
        None => serve(socket, seat, connection, stop).await,
        Some(tls) => {
            if let Some(stream) = shake(&tls, socket, peer, &gate).await {
                serve(stream, seat, connection, stop).await;
            }
        }
    }
}

/// Shakes hands, if not too many do so at this moment.
async fn shake(tls: &Tls, socket: TcpStream, peer: Peer, gate: &Gate) -> Option<TlsStream<TcpStream>> {
    let _seat = gate.limits.handshake(own_share(peer))?;
    tls.shake(socket, gate.settings.handshake_time).await
}
