//! An engineer who asks and asks, on a thread and a connection of their own.
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::world::HOST;

/// The pause after an answer: 64 threads without any would have the machine to themselves.
const PAUSE: Duration = Duration::from_millis(2);
/// The pause after a refusal, in which access is granted anew.
const REFUSED: Duration = Duration::from_millis(40);

/// What all of them know.
pub(super) struct Shared {
    pub(super) gate: SocketAddr,
    pub(super) began: Instant,
    /// The session that was begun last; its token is used on after its end.
    pub(super) entered: Mutex<Option<Entered>>,
    last_sent: AtomicU64,
}

/// A session.
#[derive(Clone)]
pub(super) struct Entered {
    pub(super) toggle: u64,
    pub(super) token: String,
}

impl Shared {
    pub(super) fn new(gate: SocketAddr, began: Instant) -> Self {
        Self { gate, began, entered: Mutex::default(), last_sent: AtomicU64::new(0) }
    }

    /// When the last request was sent that was answered.
    pub(super) fn last_sent(&self) -> Duration {
        Duration::from_nanos(self.last_sent.load(Ordering::SeqCst))
    }
}

/// Asks until `stop`; gives how often it was refused.
pub(super) fn ask_until(shared: &Shared, stop: &AtomicBool) -> u64 {
    let mut connection = None;
    let mut refused = 0;
    while !stop.load(Ordering::SeqCst) {
        let entered = shared.entered.lock().unwrap().clone();
        if let Some(entered) = entered {
            let socket = connection.take().unwrap_or_else(|| BufReader::new(TcpStream::connect(shared.gate).unwrap()));
            if let Ok((socket, status)) = ask(socket, &entered, shared) {
                connection = Some(socket);
                if status != 200 {
                    refused += 1;
                    thread::sleep(REFUSED);
                }
            }
        }
        thread::sleep(PAUSE);
    }
    refused
}

/// One request; the status of its answer. An error: the gate closed the connection.
fn ask(
    mut socket: BufReader<TcpStream>,
    entered: &Entered,
    shared: &Shared,
) -> io::Result<(BufReader<TcpStream>, u16)> {
    let Entered { toggle, token } = entered;
    let sent = u64::try_from(shared.began.elapsed().as_nanos()).unwrap();
    let head = format!(
        "GET /w/acme/{toggle}/{sent} HTTP/1.1\r\nhost: {HOST}\r\ncookie: __Host-chaperone={token}\r\naccept: application/json\r\n\r\n"
    );
    socket.get_mut().write_all(head.as_bytes())?;
    let (mut status, mut length) = (None, 0);
    loop {
        let mut line = String::new();
        if socket.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        match line.split_once(": ") {
            Some(("content-length", value)) => length = value.parse().unwrap(),
            Some(_) => {}
            None => status = line.split(' ').nth(1).map(|word| word.parse().unwrap()),
        }
    }
    io::copy(&mut socket.by_ref().take(length), &mut io::sink())?;
    shared.last_sent.fetch_max(sent, Ordering::SeqCst);
    Ok((socket, status.expect("a status line")))
}
