//! The parts of the measurement as processes: told apart by their CPU time and memory, ended with us.
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream};
use std::process::{self, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

use super::requests::Session;

/// How long nginx or Envoy may take to serve.
const PATIENCE: Duration = Duration::from_secs(20);

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

/// A process, with the workers that it started; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Child {
    process: process::Child,
    input: Option<ChildStdin>,
}

impl Child {
    /// Starts this program as another part, and waits until that serves: where, and which sessions it knows.
    pub(crate) fn part(mut command: Command) -> anyhow::Result<(Self, SocketAddr, Vec<Session>)> {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (input, output) = (process.stdin.take(), process.stdout.take().context("no output")?);
        let child = Self { process, input };
        let mut sessions = Vec::new();
        for line in BufReader::new(output).lines() {
            let line = line?;
            match line.split_once(' ') {
                Some(("serving", address)) => return Ok((child, address.parse()?, sessions)),
                Some((workspace, token)) => {
                    sessions.push(Session { workspace: workspace.to_owned(), token: token.to_owned() });
                }
                None => bail!("{command:?} said `{line}`"),
            }
        }
        bail!("{command:?} ended before it served")
    }

    /// Starts another program, and waits until it serves at `address`.
    pub(crate) fn program(mut command: Command, address: SocketAddr) -> anyhow::Result<Self> {
        let process = command.stdin(Stdio::null()).spawn().with_context(|| format!("cannot start {command:?}"))?;
        let mut child = Self { process, input: None };
        let began = Instant::now();
        while TcpStream::connect(address).is_err() {
            ensure!(child.process.try_wait()?.is_none(), "{command:?} ended before it served");
            ensure!(began.elapsed() < PATIENCE, "{command:?} does not serve at {address}");
            thread::sleep(Duration::from_millis(50));
        }
        Ok(child)
    }

    /// The process and the workers that it started.
    pub(crate) fn ids(&self) -> anyhow::Result<Vec<String>> {
        let own = self.process.id().to_string();
        let workers = read(&format!("/proc/{own}/task/{own}/children"))?;
        Ok(workers.split_whitespace().map(str::to_owned).chain([own]).collect())
    }

    /// The CPU time used so far, in the system and outside, over all threads.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        let mut ticks = 0;
        for id in self.ids()? {
            let stat = read(&format!("/proc/{id}/stat"))?;
            // proc(5): the second field is the program's name in brackets; `utime` and `stime` are the 14th and the
            // 15th, in hundredths of a second.
            let (_, rest) = stat.rsplit_once(')').context("no program's name")?;
            for field in rest.split_whitespace().skip(11).take(2) {
                ticks += field.parse::<u64>()?;
            }
        }
        Ok(Duration::from_millis(ticks.saturating_mul(10)))
    }

    /// The memory in use (resident set), in kB.
    pub(crate) fn memory(&self) -> anyhow::Result<u32> {
        let mut sum = 0;
        for id in self.ids()? {
            let status = read(&format!("/proc/{id}/status"))?;
            let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no `VmRSS`")?;
            sum += resident.trim().trim_end_matches(" kB").parse::<u32>()?;
        }
        Ok(sum)
    }
}

fn read(file: &str) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read `{file}`"))
}

impl Drop for Child {
    fn drop(&mut self) {
        // Our own parts end when their input does; nginx must be asked, or its worker stays.
        if self.input.take().is_none() {
            let _ = Command::new("kill").arg(self.process.id().to_string()).status();
        }
        let _ = self.process.wait();
    }
}
