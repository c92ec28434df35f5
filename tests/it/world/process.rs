//! Programs of others: an app that runs as a process of its own, on a free port, until it is dropped.
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::wait::eventually;

/// How long a start may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// How often a start is tried: between choosing a free port and taking it, somebody else may take it.
const TRIES: usize = 3;

/// A running program; it is killed when this is dropped.
pub(crate) struct Process {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Its home and working folder.
    pub(crate) dir: TempDir,
}

impl Process {
    /// Starts what `command` says for a folder and a port, and waits until it listens there.
    pub(crate) async fn start(command: impl Fn(&Path, u16) -> Command) -> Self {
        for _ in 0..TRIES {
            let dir = tempfile::tempdir().unwrap();
            let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
            let log = File::create(dir.path().join("log")).unwrap();
            let mut command = command(dir.path(), port);
            command.current_dir(&dir).env("HOME", dir.path()).stdin(Stdio::null());
            let child = command.stdout(log.try_clone().unwrap()).stderr(log).spawn();
            let child = child.unwrap_or_else(|error| panic!("{command:?}: {error}; run bin/test, or bin/upstreams"));
            let mut process = Self { child, address: (Ipv4Addr::LOCALHOST, port).into(), dir };
            if process.listens().await {
                return process;
            }
            println!("it ended at once:\n{}", process.log());
        }
        panic!("an app does not start");
    }

    /// Waits until it listens; false when it ends before.
    async fn listens(&mut self) -> bool {
        eventually("the app listens", PATIENCE, async || {
            let runs = self.child.try_wait().unwrap().is_none();
            (!runs || TcpStream::connect(self.address).is_ok()).then_some(runs)
        })
        .await
    }

    /// What it has said so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            println!("the app: {}", self.log());
        }
    }
}

/// Python with the packages of tests/upstreams/requirements.txt.
pub(crate) fn python() -> Command {
    let target = Path::new(env!("CARGO_BIN_EXE_chaperone")).parent().and_then(Path::parent).unwrap();
    let python: PathBuf = target.join("upstreams/venv/bin/python");
    assert!(python.exists(), "there is no `{}`; run bin/upstreams", python.display());
    Command::new(python)
}
