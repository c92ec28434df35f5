//! Where the demo's parts listen: loopback, on the usual ports or on free ones.
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;

/// The origins of the demo's parts, without a slash at the end.
#[derive(Debug, Clone)]
pub(super) struct Places {
    /// The gate, in front of the app.
    pub(super) gate: String,
    /// The app itself: the customers' own way in.
    pub(super) app: String,
    /// The desk, where one chooses who one is.
    pub(super) desk: String,
}

/// The sockets of one run.
#[derive(Debug)]
pub(super) struct Sockets {
    /// Where the gate shall listen. It binds this by itself, so nobody holds it until then.
    pub(super) gate: SocketAddr,
    /// Where the gate's operators' listener shall be; the same.
    pub(super) ops: SocketAddr,
    pub(super) app: TcpListener,
    pub(super) desk: TcpListener,
    pub(super) places: Places,
}

impl Sockets {
    /// Four sockets from port `base` on: gate, app, desk, operators. A port that is taken is replaced by a free one.
    pub(super) async fn bind(base: u16) -> io::Result<Self> {
        let gate = bind_or_any(base).await?;
        let app = bind_or_any(base.saturating_add(1)).await?;
        let desk = bind_or_any(base.saturating_add(2)).await?;
        let ops = bind_or_any(base.saturating_add(3)).await?;
        let places = Places {
            gate: origin(gate.local_addr()?),
            app: origin(app.local_addr()?),
            desk: origin(desk.local_addr()?),
        };
        // The gate's two only held their ports while all four were chosen.
        Ok(Self { gate: gate.local_addr()?, ops: ops.local_addr()?, app, desk, places })
    }
}

async fn bind_or_any(port: u16) -> io::Result<TcpListener> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
        Err(taken) if taken.kind() == io::ErrorKind::AddrInUse => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await,
        bound => bound,
    }
}

fn origin(addr: SocketAddr) -> String {
    format!("http://{addr}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_is_replaced_by_a_free_one_on_loopback() {
        let taken = bind_or_any(0).await.unwrap();
        let port = taken.local_addr().unwrap().port();
        let sockets = Sockets::bind(port).await.unwrap();
        assert_ne!(sockets.gate.port(), port);
        for addr in [sockets.gate, sockets.ops, sockets.app.local_addr().unwrap(), sockets.desk.local_addr().unwrap()] {
            assert!(addr.ip().is_loopback());
        }
        assert_eq!(sockets.places.gate, format!("http://{}", sockets.gate));
    }
}
