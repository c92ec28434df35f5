//! What is asked for: each request of any session, for any path, as a browser sends it.
use std::fmt::Write as _;

use chaperone::identity::SessionToken;
use chaperone::request::COOKIE_SESSION;

use super::people;

/// How many paths a session asks for.
const PATHS: usize = 200;

/// A session, as an engineer's browser has it.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) workspace: String,
    pub(crate) token: String,
}

/// As many sessions as the gate has, for whoever looks none up.
pub(crate) fn strangers() -> Vec<Session> {
    let workspaces = (0..people::WORKSPACES).flat_map(|n| std::iter::repeat_n(n, people::ENGINEERS));
    let session = |n| Session { workspace: format!("workspace-{n}"), token: SessionToken::mint().reveal().to_owned() };
    workspaces.map(session).collect()
}

/// All requests that there are: sessions times paths.
#[derive(Debug)]
pub(crate) struct Requests(Vec<Around>);

/// What stands before and after the page's number in the requests of one session.
#[derive(Debug)]
struct Around {
    before: String,
    after: String,
}

impl Requests {
    /// The requests of `sessions`.
    pub(crate) fn new(sessions: &[Session]) -> Self {
        Self(sessions.iter().map(Around::new).collect())
    }

    /// Writes some request.
    pub(crate) fn write(&self, dice: &mut Dice, into: &mut String) {
        into.clear();
        if let Some(around) = self.0.get(dice.below(self.0.len())) {
            let page = dice.below(PATHS);
            let _ = write!(into, "{}{page}{}", around.before, around.after);
        }
    }
}

impl Around {
    fn new(Session { workspace, token }: &Session) -> Self {
        let before = format!("GET /w/{workspace}/invoices/2026/");
        let mut after = "?tab=lines HTTP/1.1\r\n".to_owned();
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
            let _ = write!(after, "{name}: {value}\r\n");
        }
        after.push_str("\r\n");
        Self { before, after }
    }
}

/// Chance that is the same in every run (xorshift64*, Vigna 2016).
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// Dice of their own for each `seed`.
    pub(crate) fn new(seed: usize) -> Self {
        Self((seed as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let random = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(random).unwrap_or(0) % end.max(1)
    }
}
