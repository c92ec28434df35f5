//! The wire between the gate and an app that is a program of others: it shows what the gate sent.
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::TaskTracker;

/// A wire, as long as the story lasts.
#[derive(Clone)]
pub(crate) struct Tap {
    /// The gate's end.
    pub(crate) address: SocketAddr,
    app: Arc<OnceLock<SocketAddr>>,
    sent: Arc<Mutex<Vec<u8>>>,
}

impl Tap {
    /// A wire that leads nowhere yet.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let tap = Self { address: listener.local_addr().unwrap(), app: Arc::default(), sent: Arc::default() };
        let (tasks, wire) = (TaskTracker::new(), tap.clone());
        tasks.clone().spawn(async move {
            loop {
                let (gate, _) = listener.accept().await.unwrap();
                let app = TcpStream::connect(wire.app.get().expect("the app has been started")).await.unwrap();
                tasks.spawn(wire.clone().relay(gate, app));
            }
        });
        tap
    }

    /// Where the app is.
    pub(crate) fn lead_to(&self, app: SocketAddr) {
        self.app.set(app).expect("there is one app");
    }

    /// Everything that the gate has sent so far.
    pub(crate) fn sent(&self) -> String {
        String::from_utf8_lossy(&self.sent.lock().unwrap()).into_owned()
    }

    /// How the ends part is the story's business, not the wire's.
    async fn relay(self, gate: TcpStream, app: TcpStream) {
        let ((mut from_gate, mut to_gate), (mut from_app, mut to_app)) = (gate.into_split(), app.into_split());
        let up = async {
            let mut piece = vec![0; 65_536];
            while let Ok(length @ 1..) = from_gate.read(&mut piece).await {
                self.sent.lock().unwrap().extend(&piece[..length]);
                if to_app.write_all(&piece[..length]).await.is_err() {
                    return;
                }
            }
            let _ = to_app.shutdown().await;
        };
        let down = async {
            let _ = tokio::io::copy(&mut from_app, &mut to_gate).await;
            let _ = to_gate.shutdown().await;
        };
        tokio::join!(up, down);
    }
}
