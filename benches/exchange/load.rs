//! The load: 64 connections that stay open, one request after the other on each, every one of another session or path.
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use chaperone::request::COOKIE_SESSION;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::child::Session;

const CONNECTIONS: usize = 64;
const PATHS: usize = 200;

/// One round.
pub(crate) struct Load {
    address: SocketAddr,
    /// What each connection asks for, over and over.
    scripts: Vec<Vec<String>>,
}

/// What came of a round.
pub(crate) struct Outcome {
    pub(crate) took: Duration,
    /// One for each good answer, in order of length.
    pub(crate) latencies: Vec<Duration>,
    /// How many answers were not good.
    pub(crate) failed: usize,
}

impl Load {
    /// Spreads `sessions`, and paths, over the connections to the proxy at `address`.
    pub(crate) fn new(address: SocketAddr, sessions: &[Session]) -> Self {
        let mut scripts = vec![Vec::new(); CONNECTIONS];
        let requests = sessions.iter().enumerate().map(|(n, session)| request(session, n % PATHS));
        for (request, connection) in requests.zip((0..CONNECTIONS).cycle()) {
            if let Some(script) = scripts.get_mut(connection) {
                script.push(request);
            }
        }
        Self { address, scripts }
    }

    /// Asks for `length`.
    pub(crate) async fn run(self, length: Duration) -> anyhow::Result<Outcome> {
        let mut streams = Vec::new();
        for _ in &self.scripts {
            let stream = TcpStream::connect(self.address).await?;
            stream.set_nodelay(true)?;
            streams.push(stream);
        }
        let began = Instant::now();
        let mut connections = JoinSet::new();
        for (stream, script) in streams.into_iter().zip(self.scripts) {
            connections.spawn(ask(stream, script, began + length));
        }
        let mut answers = Vec::new();
        while let Some(done) = connections.join_next().await {
            answers.extend(done??);
        }
        let took = began.elapsed();
        let mut latencies: Vec<Duration> = answers.iter().copied().flatten().collect();
        latencies.sort_unstable();
        Ok(Outcome { took, failed: answers.len() - latencies.len(), latencies })
    }
}

/// How long each answer took; none for one that was not good.
async fn ask(mut stream: TcpStream, script: Vec<String>, until: Instant) -> anyhow::Result<Vec<Option<Duration>>> {
    let (mut latencies, mut buffer) = (Vec::with_capacity(4096), Vec::with_capacity(4096));
    for request in script.iter().cycle() {
        let sent = Instant::now();
        if sent >= until {
            break;
        }
        stream.write_all(request.as_bytes()).await?;
        let good = answer(&mut stream, &mut buffer).await?;
        latencies.push(good.then(|| sent.elapsed()));
    }
    Ok(latencies)
}

/// Reads one answer, which has to have a length. Is it a good one?
async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> anyhow::Result<bool> {
    buffer.clear();
    loop {
        ensure!(stream.read_buf(buffer).await? > 0, "the proxy hung up");
        let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(buffer.get(..end).unwrap_or_default());
        let good = head.starts_with("HTTP/1.1 200");
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length").then_some(value)
        });
        let whole = end + 4 + length.context("an answer without a length")?.parse::<usize>()?;
        while buffer.len() < whole {
            ensure!(stream.read_buf(buffer).await? > 0, "the proxy hung up");
        }
        return Ok(good);
    }
}

/// A request as a browser makes it.
fn request(session: &Session, page: usize) -> String {
    let Session { workspace, token } = session;
    let mut text = format!("GET /w/{workspace}/invoices/2026/{page}?tab=lines HTTP/1.1\r\n");
    for (name, value) in [
        ("host", "support.ledgerly.example"),
        ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"),
        ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
        ("accept-language", "en-GB,en;q=0.7,de;q=0.3"),
        ("accept-encoding", "gzip, deflate, br, zstd"),
        ("cookie", &format!("theme=dark; lang=en; {COOKIE_SESSION}={token}")),
        ("sec-fetch-dest", "document"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-site", "same-origin"),
    ] {
        let _ = write!(text, "{name}: {value}\r\n");
    }
    text.push_str("\r\n");
    text
}
