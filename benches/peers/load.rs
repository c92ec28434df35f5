//! The load: connections that stay open, one request after the other on each. Either as fast as answers come, or at a
//! fixed rate, whether answers come or not.
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use super::requests::{Dice, Requests};

/// How long after its end a load at a fixed rate waits for whoever is behind.
const GRACE: Duration = Duration::from_secs(1);

/// Where to, what, and over how many connections.
pub(crate) struct Load {
    address: SocketAddr,
    requests: Arc<Requests>,
    connections: usize,
}

/// What came of it.
pub(crate) struct Outcome {
    pub(crate) took: Duration,
    /// One for each good answer, in order of length.
    pub(crate) latencies: Vec<Duration>,
    /// What was wrong with each answer that was not good.
    pub(crate) failures: Vec<String>,
}

/// How long each answer took, or what was wrong with it.
type Latencies = Vec<Result<Duration, String>>;

impl Load {
    pub(crate) fn new(address: SocketAddr, requests: Arc<Requests>, connections: usize) -> Self {
        Self { address, requests, connections }
    }

    /// Asks as fast as answers come, for `length`.
    pub(crate) async fn closed(&self, length: Duration) -> anyhow::Result<Outcome> {
        let connections = self.connect().await?;
        let began = Instant::now();
        let mut asking = JoinSet::new();
        for connection in connections {
            asking.spawn(connection.until(began + length));
        }
        gather(asking, began).await
    }

    /// Asks `rate` times a second, for `length`. An answer's time runs from when its request was due: one that has to
    /// wait for its connection, because the answer before is late, is late too; one that is not even sent when [`GRACE`]
    /// is over has failed.
    pub(crate) async fn open(&self, rate: u32, length: Duration) -> anyhow::Result<Outcome> {
        let (mut asking, mut turns) = (JoinSet::new(), Vec::new());
        let connections = self.connect().await?;
        let began = Instant::now();
        for connection in connections {
            let (turn, due) = unbounded_channel();
            turns.push(turn);
            asking.spawn(connection.whenever(due, began + length + GRACE));
        }
        // A thread of its own sleeps to the microsecond; the runtime's timer counts in milliseconds.
        let pace = thread::spawn(move || pace(&turns, began, length, Duration::from_secs(1) / rate));
        let outcome = gather(asking, began).await;
        pace.join().map_err(|_| anyhow::anyhow!("whoever sets the pace has failed"))?;
        outcome
    }

    async fn connect(&self) -> anyhow::Result<Vec<Connection>> {
        let mut connections = Vec::new();
        for n in 0..self.connections {
            let stream = TcpStream::connect(self.address).await?;
            stream.set_nodelay(true)?;
            let (requests, dice) = (Arc::clone(&self.requests), Dice::new(n));
            connections.push(Connection { stream, requests, dice, request: String::new(), answer: Vec::new() });
        }
        Ok(connections)
    }
}

/// Gives the connections their turns, one after the other.
fn pace(turns: &[UnboundedSender<Instant>], began: Instant, length: Duration, period: Duration) {
    let mut due = began;
    for turn in turns.iter().cycle() {
        if due >= began + length {
            return;
        }
        thread::sleep(due.saturating_duration_since(Instant::now()));
        // A connection that has failed says so itself.
        let _ = turn.send(due);
        due += period;
    }
}

async fn gather(mut asking: JoinSet<anyhow::Result<Latencies>>, began: Instant) -> anyhow::Result<Outcome> {
    let (mut latencies, mut failures) = (Vec::new(), Vec::new());
    while let Some(done) = asking.join_next().await {
        for answer in done?? {
            match answer {
                Ok(latency) => latencies.push(latency),
                Err(wrong) => failures.push(wrong),
            }
        }
    }
    let took = began.elapsed();
    latencies.sort_unstable();
    Ok(Outcome { took, latencies, failures })
}

/// One connection, with what it last sent and got.
struct Connection {
    stream: TcpStream,
    requests: Arc<Requests>,
    dice: Dice,
    request: String,
    answer: Vec<u8>,
}

impl Connection {
    async fn until(mut self, end: Instant) -> anyhow::Result<Latencies> {
        let mut latencies = Vec::with_capacity(4096);
        loop {
            let sent = Instant::now();
            if sent >= end {
                return Ok(latencies);
            }
            let answer = self.ask().await?;
            latencies.push(answer.map(|()| sent.elapsed()));
        }
    }

    async fn whenever(mut self, mut due: UnboundedReceiver<Instant>, end: Instant) -> anyhow::Result<Latencies> {
        let mut latencies = Vec::new();
        while let Some(due) = due.recv().await {
            let late = Instant::now() >= end;
            let answer = if late { Err("not sent in time".to_owned()) } else { self.ask().await? };
            latencies.push(answer.map(|()| due.elapsed()));
        }
        Ok(latencies)
    }

    /// Sends some request and reads the answer, which has to have a length. What is wrong with it, if it is not 200?
    async fn ask(&mut self) -> anyhow::Result<Result<(), String>> {
        self.requests.write(&mut self.dice, &mut self.request);
        self.stream.write_all(self.request.as_bytes()).await?;
        self.answer.clear();
        loop {
            ensure!(self.stream.read_buf(&mut self.answer).await? > 0, "the proxy hung up");
            let Some(end) = self.answer.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
            let head = self.answer.get(..end).unwrap_or_default();
            let good = head.starts_with(b"HTTP/1.1 200");
            let whole = end + 4 + length(head).context("an answer without a length")?;
            while self.answer.len() < whole {
                ensure!(self.stream.read_buf(&mut self.answer).await? > 0, "the proxy hung up");
            }
            return Ok(if good { Ok(()) } else { Err(self.complaint()) });
        }
    }

    /// The status of the answer, and the code that its page shows if it is one of chaperone's.
    fn complaint(&self) -> String {
        let answer = String::from_utf8_lossy(&self.answer);
        let status = answer.lines().next().unwrap_or_default();
        let code = answer.split_once("<dt>Code</dt><dd>").and_then(|(_, rest)| rest.split_once(' '));
        code.map_or_else(|| status.to_owned(), |(code, _)| format!("{status}: {code}"))
    }
}

/// What `Content-Length` says.
fn length(head: &[u8]) -> Option<usize> {
    let mut fields = head.split(|octet| *octet == b'\n');
    fields.find_map(|field| {
        let (name, value) = field.split_at_checked("content-length:".len())?;
        let ours = name.eq_ignore_ascii_case(b"content-length:");
        ours.then(|| str::from_utf8(value).ok()?.trim().parse().ok()).flatten()
    })
}
