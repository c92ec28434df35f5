//! The parts of the measurement as processes: started on their core, told apart by their CPU time, ended with us.
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{self, ChildStdin, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};

/// A session, as an engineer's browser has it.
pub(crate) struct Session {
    pub(crate) workspace: String,
    pub(crate) token: String,
}

/// Runs a part in this process, in the runtime that `chaperone serve` has: a worker for each core that it may use.
pub(crate) fn run(part: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(part)
}

/// Tells whoever started this part where it serves and which sessions it knows; returns when they close our standard
/// input, or end.
pub(crate) async fn serving(address: SocketAddr, sessions: &[Session]) -> anyhow::Result<()> {
    for Session { workspace, token } in sessions {
        println!("{workspace} {token}");
    }
    println!("serving {address}");
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    Ok(())
}

/// How the machine's cores are shared.
pub(crate) struct Cores {
    /// How many there are.
    pub(crate) all: usize,
    /// Whether the proxies have the second one for themselves.
    pub(crate) pinned: bool,
}

impl Cores {
    /// Keeps this process on the first core, if there is another one and `taskset`.
    pub(crate) fn share() -> anyhow::Result<Self> {
        let all = std::thread::available_parallelism()?.get();
        let myself = process::id().to_string();
        let moved = Command::new("taskset").args(["-acp", "0", &myself]).stdout(Stdio::null()).status();
        Ok(Self { all, pinned: all > 1 && moved.is_ok_and(|status| status.success()) })
    }

    /// The core of the app and of the load.
    pub(crate) fn for_load(&self) -> Option<&'static str> {
        self.pinned.then_some("0")
    }

    /// The core of the proxies: one of them works at a time.
    pub(crate) fn for_proxy(&self) -> Option<&'static str> {
        self.pinned.then_some("1")
    }
}

/// A part in a process of its own, which ends when this is dropped.
pub(crate) struct Child {
    pub(crate) address: SocketAddr,
    pub(crate) sessions: Vec<Session>,
    process: process::Child,
    input: Option<ChildStdin>,
}

impl Child {
    /// Starts this program as another part, and waits until that serves.
    pub(crate) fn start(arguments: &[&str], core: Option<&str>) -> anyhow::Result<Self> {
        let program = std::env::current_exe()?;
        let mut command = match core {
            // It replaces itself by the program, so that the process is the program's.
            Some(core) => {
                let mut command = Command::new("taskset");
                command.args(["-c", core]).arg(program);
                command
            }
            None => Command::new(program),
        };
        let mut process = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (input, output) = (process.stdin.take(), process.stdout.take().context("no output")?);
        let mut sessions = Vec::new();
        for line in BufReader::new(output).lines() {
            let line = line?;
            match line.split_once(' ') {
                Some(("serving", address)) => {
                    return Ok(Self { address: address.parse()?, sessions, process, input });
                }
                Some((workspace, token)) => {
                    sessions.push(Session { workspace: workspace.to_owned(), token: token.to_owned() });
                }
                None => bail!("`{}` said `{line}`", arguments.join(" ")),
            }
        }
        bail!("`{}` ended before it served", arguments.join(" "))
    }

    /// The CPU time that the process has used so far, in the system and outside, over all its threads.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        let file = format!("/proc/{}/stat", self.process.id());
        let stat = std::fs::read_to_string(&file).with_context(|| format!("cannot read `{file}`"))?;
        // proc(5): the second field is the program's name in brackets; `utime` and `stime` are the 14th and the 15th,
        // in hundredths of a second.
        let (_, rest) = stat.rsplit_once(')').context("no program's name")?;
        let fields = rest.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
        let ticks: u64 = fields.sum::<Result<u64, _>>()?;
        Ok(Duration::from_millis(ticks.saturating_mul(10)))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.process.wait();
    }
}
