//! An app that notes every byte it gets, and answers what a story wants.
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::TaskTracker;

const FINE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine";

/// The app, as long as the story lasts.
#[derive(Clone)]
pub(super) struct Origin {
    pub(super) address: SocketAddr,
    memory: Arc<Mutex<Memory>>,
}

struct Memory {
    /// Whole requests, octet by octet, one character each.
    seen: Vec<String>,
    answer: String,
}

impl Origin {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let memory = Arc::new(Mutex::new(Memory { seen: Vec::new(), answer: FINE.to_owned() }));
        let origin = Self { address: listener.local_addr().unwrap(), memory };
        let (tasks, app) = (TaskTracker::new(), origin.clone());
        tasks.clone().spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                tasks.spawn(app.clone().serve(socket));
            }
        });
        origin
    }

    /// What it answers from now on, byte for byte.
    pub(super) fn answer(&self, answer: &str) {
        answer.clone_into(&mut self.memory.lock().unwrap().answer);
    }

    /// The whole requests since the last look.
    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.memory.lock().unwrap().seen)
    }

    async fn serve(self, mut socket: TcpStream) {
        let (mut got, mut piece) = (Vec::new(), vec![0; 65_536]);
        while let Ok(length @ 1..) = socket.read(&mut piece).await {
            got.extend(&piece[..length]);
            while let Some(end) = end_of_request(&got) {
                let request: Vec<u8> = got.drain(..end).collect();
                let (is_canary, answer) = self.note(&request);
                let answer = if is_canary { FINE } else { &answer };
                let sent = socket.write_all(answer.as_bytes()).await;
                // An answer that breaks off ends the connection, as does one that says so.
                if sent.is_err() || (!is_canary && answer != FINE) {
                    return;
                }
            }
        }
    }

    fn note(&self, request: &[u8]) -> (bool, String) {
        let text: String = request.iter().copied().map(char::from).collect();
        let mut memory = self.memory.lock().unwrap();
        let is_canary = text.starts_with("GET /canary ");
        memory.seen.push(text);
        (is_canary, memory.answer.clone())
    }
}

/// Where the first request ends, if it is whole. The gate's framing is plain, or a story fails here.
fn end_of_request(got: &[u8]) -> Option<usize> {
    let body = find(got, 0, b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&got[..body]).to_lowercase();
    let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    if let Some(coding) = field("transfer-encoding:") {
        assert_eq!(coding, "chunked");
        return end_of_chunks(got, body);
    }
    let length: usize = field("content-length:").map_or(0, |length| length.parse().unwrap());
    (got.len() >= body + length).then_some(body + length)
}

fn end_of_chunks(got: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let line = find(got, at, b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&got[at..line]).unwrap(), 16).unwrap();
        if size == 0 {
            // Trailers, if any, end with an empty line.
            return find(got, line, b"\r\n\r\n").map(|end| end + 4);
        }
        at = line + 2 + size + 2;
        if at > got.len() {
            return None;
        }
    }
}

fn find(got: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    got.get(from..)?.windows(what.len()).position(|window| window == what).map(|at| from + at)
}
