//! The process of the real binary: starting it, reading its log, signals, restarts.
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

use super::wait::eventually;

/// How long a start or an end may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a command that has ended left.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs the binary to its end.
pub(crate) fn chaperone(arguments: &[&str]) -> Output {
    chaperone_in(&[], arguments)
}

/// Runs the binary to its end in an environment with these variables.
pub(crate) fn chaperone_in(environment: &[(&str, &str)], arguments: &[&str]) -> Output {
    let output = command().envs(environment.iter().copied()).args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Output { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chaperone"));
    command.stdin(Stdio::null());
    command
}

/// A gate that serves; it is killed when this is dropped.
pub(crate) struct Gate {
    process: Child,
    log: Arc<Mutex<Vec<Value>>>,
    reader: Option<JoinHandle<()>>,
    pub(crate) address: SocketAddr,
    pub(crate) ops: SocketAddr,
}

impl Gate {
    /// Starts it and waits until its log says where it serves.
    pub(crate) async fn start(config: &Path, environment: &[(String, String)]) -> Self {
        let mut command = command();
        command.arg("serve").arg("--config").arg(config).envs(environment.iter().cloned());
        Self::run(command).await
    }

    /// Runs `command`, which starts a gate, and waits until its log says where it serves.
    pub(crate) async fn run(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let (log, stderr) = (Arc::new(Mutex::new(Vec::new())), process.stderr.take().unwrap());
        let reader = std::thread::spawn({
            let log = Arc::clone(&log);
            move || {
                for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                    log.lock().unwrap().push(serde_json::from_str(&line).unwrap_or(Value::String(line)));
                }
            }
        });
        let address = |line: &Value, key: &str| line[key].as_str().unwrap().parse().unwrap();
        let (address, ops) = eventually("the gate serves", PATIENCE, async || {
            let lines = log.lock().unwrap();
            if let Some(status) = process.try_wait().unwrap() {
                panic!("the gate ended with {status}: {lines:#?}");
            }
            let serving = lines.iter().find(|line| line["message"] == "serving")?;
            Some((address(serving, "address"), address(serving, "ops")))
        })
        .await;
        Self { process, log, reader: Some(reader), address, ops }
    }

    /// The log so far.
    pub(crate) fn log(&self) -> Vec<Value> {
        self.log.lock().unwrap().clone()
    }

    /// The number of its process.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Asks it to end, as an orchestrator does.
    pub(crate) fn terminate(&self) {
        self.signal("TERM");
    }

    /// Asks it to read its files again.
    pub(crate) fn reload(&self) {
        self.signal("HUP");
    }

    fn signal(&self, name: &str) {
        let pid = self.process.id();
        assert!(Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).status().unwrap().success());
    }

    /// Kills it, as a crash would.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self, limit: Duration) -> ExitStatus {
        eventually("the gate ends", limit, async || self.process.try_wait().unwrap()).await
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        if std::thread::panicking() {
            for line in self.log.lock().unwrap().iter() {
                println!("gate: {line}");
            }
        }
    }
}
