//! An app that notes when each request reached it, on a thread for each connection: nothing else delays the note.
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// A request that reached the app. All times are since the story began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reached {
    /// In which of the sessions.
    pub(super) toggle: u64,
    /// When the client sent it.
    pub(super) sent: Duration,
    /// When it was here.
    pub(super) at: Duration,
}

/// The app; its threads end with their connections.
pub(super) struct WatchfulApp {
    pub(super) address: SocketAddr,
    reached: Arc<Mutex<Vec<Reached>>>,
}

impl WatchfulApp {
    pub(super) fn start(began: Instant) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let app = Self { address: listener.local_addr().unwrap(), reached: Arc::default() };
        let reached = Arc::clone(&app.reached);
        thread::spawn(move || {
            for socket in listener.incoming() {
                let reached = Arc::clone(&reached);
                thread::spawn(move || serve(&socket.unwrap(), began, &reached));
            }
        });
        app
    }

    /// Every request so far.
    pub(super) fn reached(&self) -> Vec<Reached> {
        self.reached.lock().unwrap().clone()
    }

    /// Whether a request of this session was here.
    pub(super) fn reached_in(&self, toggle: u64) -> bool {
        self.reached.lock().unwrap().iter().rev().any(|request| request.toggle == toggle)
    }
}

/// Answers requests without a body, until the gate closes.
fn serve(socket: &TcpStream, began: Instant, reached: &Mutex<Vec<Reached>>) {
    let mut lines = BufReader::new(socket).lines().map_while(Result::ok);
    while let Some(first) = lines.next() {
        let at = began.elapsed();
        lines.by_ref().take_while(|line| !line.is_empty()).for_each(drop);
        // GET /w/acme/<toggle>/<nanoseconds> HTTP/1.1
        let mut parts = first.split([' ', '/']).skip(4).map_while(|part| part.parse().ok());
        let (toggle, sent) = (parts.next().unwrap(), Duration::from_nanos(parts.next().unwrap()));
        reached.lock().unwrap().push(Reached { toggle, sent, at });
        let mut socket = socket;
        if socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").is_err() {
            return;
        }
    }
}
