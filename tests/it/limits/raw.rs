//! A connection to the gate, byte by byte, from an address of this machine.
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::world::HOST;

/// Longer than anything here takes, on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// Where clients come from, and where others come from.
pub(super) const HERE: &str = "127.0.0.1";
pub(super) const ELSEWHERE: &str = "127.0.0.2";

pub(super) struct Raw(pub(super) TcpStream);

impl Raw {
    /// A connection from this machine's usual address.
    pub(super) async fn open(to: SocketAddr) -> Self {
        Self::from(HERE, to).await
    }

    /// A connection from this address.
    pub(super) async fn from(address: &str, to: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(format!("{address}:0").parse().unwrap()).unwrap();
        Self(socket.connect(to).await.unwrap())
    }

    /// One that reads little: its buffer is as small as the system allows.
    pub(super) async fn with_small_buffer(to: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(2048).unwrap();
        Self(socket.connect(to).await.unwrap())
    }

    /// Sends bytes; false when the other side takes none any more.
    pub(super) async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.0.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Asks for `path`, in the session of `cookie` if it is one; gives the status, or 0 when there is no answer.
    pub(super) async fn status(&mut self, path: &str, cookie: &str) -> u16 {
        if !self.send(format!("GET {path} HTTP/1.1\r\nHost: {HOST}\r\nCookie: {cookie}\r\n\r\n")).await {
            return 0;
        }
        self.answer().await
    }

    /// The status of the answer that comes next, 0 when none does; the rest of it is read too, if it comes along.
    pub(super) async fn answer(&mut self) -> u16 {
        let mut bytes = vec![0; 65_536];
        let read = timeout(PATIENCE, self.0.read(&mut bytes)).await.expect("an answer, or the end").unwrap_or(0);
        let text = String::from_utf8_lossy(&bytes[..read]).into_owned();
        text.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok()).unwrap_or(0)
    }

    /// Reads on until the gate closes the connection.
    pub(super) async fn closed(&mut self) {
        let mut bytes = vec![0; 65_536];
        while timeout(PATIENCE, self.0.read(&mut bytes)).await.expect("the end").unwrap_or(0) > 0 {}
    }
}
