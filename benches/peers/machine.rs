//! The machine: how its cores are shared, and what it is.
use std::path::Path;
use std::process::{self, Command, Stdio};

/// How the machine's cores are shared.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cores {
    /// How many there are.
    all: usize,
    /// Whether the proxies have the second one for themselves.
    pinned: bool,
}

impl Cores {
    /// Keeps this process on the first core, if there is another one and `taskset`.
    pub(crate) fn share() -> anyhow::Result<Self> {
        let all = std::thread::available_parallelism()?.get();
        let myself = process::id().to_string();
        let moved = Command::new("taskset").args(["-acp", "0", &myself]).stdout(Stdio::null()).status();
        Ok(Self { all, pinned: all > 1 && moved.is_ok_and(|status| status.success()) })
    }

    /// Starts `program` on the core of the app and of the load.
    pub(crate) fn beside_the_load(self, program: &Path) -> Command {
        self.on("0", program)
    }

    /// Starts `program` on the core of the proxies and of whom they ask: one proxy works at a time.
    pub(crate) fn with_the_proxies(self, program: &Path) -> Command {
        self.on("1", program)
    }

    /// `taskset` replaces itself by the program, so that the process is the program's.
    fn on(self, core: &str, program: &Path) -> Command {
        if !self.pinned {
            return Command::new(program);
        }
        let mut command = Command::new("taskset");
        command.args(["-c", core]).arg(program);
        command
    }
}

/// The machine in a line, for whoever reads the figures later.
pub(crate) fn described(cores: Cores) -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("an unknown processor", |(_, model)| model);
    let pinned = if cores.pinned {
        "the proxy side on one of them, load and app on another"
    } else {
        "nothing is pinned, so proxies, load and app share them"
    };
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split_whitespace().next().unwrap_or("unknown");
    let (date, rustc) = (said_by("date", "+%F"), said_by("rustc", "--version"));
    format!("{date}: {model}, {} cores: {pinned}; load average at the end {load}; {rustc}.", cores.all)
}

fn said_by(program: &str, argument: &str) -> String {
    let output = Command::new(program).arg(argument).output();
    output.map_or_else(|_| String::new(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
