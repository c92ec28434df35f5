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
    /// The identity provider, where engineers sign in.
    pub(super) idp: String,
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
    pub(super) idp: TcpListener,
    pub(super) places: Places,
    /// The ports that were taken, so that free ones stand in for them.
    pub(super) taken: Vec<u16>,
}

impl Sockets {
    /// Five sockets from port `base` on: gate, app, desk, operators, identity provider. A port that is taken, or past the last,
    /// is replaced by a free one; 0 asks for five free ones.
    pub(super) async fn bind(base: u16) -> io::Result<Self> {
        let mut taken = Vec::new();
        let gate = bind_or_any(Some(base), &mut taken).await?;
        let app = bind_or_any(after(base, 1), &mut taken).await?;
        let desk = bind_or_any(after(base, 2), &mut taken).await?;
        let ops = bind_or_any(after(base, 3), &mut taken).await?;
        let idp = bind_or_any(after(base, 4), &mut taken).await?;
        let places = Places {
            gate: origin(gate.local_addr()?),
            app: origin(app.local_addr()?),
            desk: origin(desk.local_addr()?),
            idp: origin(idp.local_addr()?),
        };
        // The gate's two only held their ports while all were chosen.
        Ok(Self { gate: gate.local_addr()?, ops: ops.local_addr()?, app, desk, idp, places, taken })
    }
}

/// The port `steps` after `base`, if there is one.
fn after(base: u16, steps: u16) -> Option<u16> {
    base.checked_add(steps).filter(|_| base != 0)
}

/// Binds `port`, or a free one when there is none or it is taken, which `taken` then tells.
async fn bind_or_any(port: Option<u16>, taken: &mut Vec<u16>) -> io::Result<TcpListener> {
    if let Some(port) = port {
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => taken.push(port),
            bound => return bound,
        }
    }
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await
}

fn origin(addr: SocketAddr) -> String {
    format!("http://{addr}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_is_told_and_replaced_by_a_free_one_on_loopback() {
        let held = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = held.local_addr().unwrap().port();
        let sockets = Sockets::bind(port).await.unwrap();
        assert_ne!(sockets.gate.port(), port);
        assert!(sockets.taken.contains(&port));
        for addr in [sockets.gate, sockets.ops, sockets.app.local_addr().unwrap(), sockets.desk.local_addr().unwrap()] {
            assert!(addr.ip().is_loopback());
        }
        assert_eq!(sockets.places.gate, format!("http://{}", sockets.gate));
    }

    #[test]
    fn no_port_follows_the_last_one_and_none_is_fixed_after_zero() {
        assert_eq!(after(8443, 3), Some(8446));
        assert_eq!(after(65_534, 2), None);
        assert_eq!(after(0, 1), None);
    }
}
