//! A mail server that keeps what it gets: real SMTP, for as many clients as come.
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::TaskTracker;

use super::wait::eventually;

/// How long a mail may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A mail as it came.
#[derive(Debug, Clone)]
pub(crate) struct Mail {
    pub(crate) from: String,
    pub(crate) to: String,
    /// Head and body, as they stood on the wire.
    pub(crate) raw: String,
}

/// The mail server, as long as this lives.
#[derive(Clone)]
pub(crate) struct Mailbox {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    mails: Vec<Mail>,
    /// Addresses that it takes nothing for; `*`: for nobody.
    refused: Vec<String>,
    /// How many mails it has refused.
    refusals: usize,
}

impl Mailbox {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let mailbox = Self { address: listener.local_addr().unwrap(), state: Arc::default() };
        let (tasks, served) = (TaskTracker::new(), mailbox.clone());
        tasks.clone().spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let state = Arc::clone(&served.state);
                // Whoever breaks off in the middle has sent no mail.
                tasks.spawn(async move { drop(serve(socket, &state).await) });
            }
        });
        mailbox
    }

    /// Takes nothing for this address from now on; `*`: for nobody.
    pub(crate) fn refuse(&self, address: &str) {
        self.state.lock().unwrap().refused.push(address.to_owned());
    }

    /// Takes everything again.
    pub(crate) fn refuse_nothing(&self) {
        self.state.lock().unwrap().refused.clear();
    }

    /// How many mails it has refused so far.
    pub(crate) fn refusals(&self) -> usize {
        self.state.lock().unwrap().refusals
    }

    /// All mails so far, in the order in which they came.
    pub(crate) fn mails(&self) -> Vec<Mail> {
        self.state.lock().unwrap().mails.clone()
    }

    /// Waits for a mail to this address whose subject has these words.
    pub(crate) async fn mail(&self, to: &str, subject: &str) -> Mail {
        let what = format!("a mail to {to} about `{subject}`");
        let fits = |mail: &Mail| mail.to == to && mail.subject().contains(subject);
        eventually(&what, PATIENCE, async || self.mails().into_iter().find(fits)).await
    }
}

async fn serve(socket: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut socket = BufReader::new(socket);
    let (mut from, mut to) = (String::new(), String::new());
    socket.write_all(b"220 sink ESMTP\r\n").await?;
    loop {
        let mut line = String::new();
        if socket.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let command = line.trim_end();
        let verb = command.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let address = || command.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(a, _)| a.to_owned());
        let answer = match verb.as_str() {
            "EHLO" | "HELO" => "250-sink\r\n250 8BITMIME\r\n".to_owned(),
            "MAIL" => {
                from = address().unwrap();
                "250 fine\r\n".to_owned()
            }
            "RCPT" => {
                to = address().unwrap();
                let mut state = state.lock().unwrap();
                let refused = state.refused.iter().any(|refused| *refused == to || refused == "*");
                state.refusals += usize::from(refused);
                if refused { "451 come again later\r\n".to_owned() } else { "250 fine\r\n".to_owned() }
            }
            "DATA" => {
                socket.write_all(b"354 go on\r\n").await?;
                let raw = data(&mut socket).await?;
                state.lock().unwrap().mails.push(Mail { from: from.clone(), to: to.clone(), raw });
                "250 kept\r\n".to_owned()
            }
            "QUIT" => {
                socket.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            "RSET" | "NOOP" => "250 fine\r\n".to_owned(),
            _ => "500 what?\r\n".to_owned(),
        };
        socket.write_all(answer.as_bytes()).await?;
    }
}

async fn data(socket: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut raw = String::new();
    loop {
        let mut line = String::new();
        if socket.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line == ".\r\n" {
            return Ok(raw);
        }
        raw.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}

impl Mail {
    /// A header, with its folds undone.
    pub(crate) fn header(&self, name: &str) -> String {
        let (head, _) = self.raw.split_once("\r\n\r\n").unwrap();
        let head = head.replace("\r\n ", " ");
        let value = head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        value.unwrap_or_else(|| panic!("no {name}: {head}")).to_owned()
    }

    pub(crate) fn subject(&self) -> String {
        self.header("Subject")
    }

    pub(crate) fn id(&self) -> String {
        self.header("Message-ID")
    }

    /// Everything, with quoted-printable undone.
    pub(crate) fn text(&self) -> String {
        let joined = self.raw.replace("=\r\n", "");
        let mut bytes = Vec::new();
        let mut rest = joined.as_bytes();
        while let [first, after @ ..] = rest {
            let hex = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
            let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| *first == b'=');
            bytes.push(byte.unwrap_or(*first));
            rest = if byte.is_some() { &after[2..] } else { after };
        }
        String::from_utf8_lossy(&bytes).replace("\r\n", "\n")
    }
}
