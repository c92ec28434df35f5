//! The table: medians over the rounds, and everything against the bare proxy.
use std::process::Command;
use std::time::Duration;

use super::child::Cores;
use super::load::Outcome;

/// One proxy's figures, a value for each round.
pub(crate) struct Row {
    name: &'static str,
    rounds: Vec<Figures>,
    /// How many answers were not good, over all rounds.
    failed: usize,
}

#[derive(Clone, Copy)]
struct Figures {
    /// Answers in a second.
    rate: f64,
    /// The proxy's CPU time for one request, in microseconds.
    cpu: f64,
    /// How busy the proxy kept its core, in percent.
    busy: f64,
    /// How long half of the answers took at most, in milliseconds.
    p50: f64,
    /// How long 99 of 100 answers took at most, in milliseconds.
    p99: f64,
}

impl Row {
    /// A proxy that is not measured yet.
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, rounds: Vec::new(), failed: 0 }
    }

    /// Adds a round, in which the proxy used `cpu`.
    pub(crate) fn add(&mut self, outcome: Outcome, cpu: Duration) {
        let Outcome { took, latencies, failed } = outcome;
        self.failed += failed;
        let count = f64::from(u32::try_from(latencies.len()).unwrap_or(u32::MAX));
        let at = |hundredths: usize| {
            let latency = latencies.get(latencies.len() * hundredths / 100);
            latency.map_or(f64::NAN, |latency| latency.as_secs_f64() * 1e3)
        };
        self.rounds.push(Figures {
            rate: count / took.as_secs_f64(),
            cpu: cpu.as_secs_f64() * 1e6 / count,
            busy: cpu.as_secs_f64() * 1e2 / took.as_secs_f64(),
            p50: at(50),
            p99: at(99),
        });
    }

    fn median(&self, figure: impl Fn(&Figures) -> f64) -> f64 {
        let mut values: Vec<f64> = self.rounds.iter().map(figure).collect();
        values.sort_unstable_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

/// Prints the table. The first row is the measure of the others.
pub(crate) fn print(rows: &[Row], cores: &Cores, sessions: usize) {
    println!("{}", machine(cores));
    let folder = std::env::temp_dir();
    println!(
        "64 connections, {sessions} sessions, GET, an answer of 512 bytes; state in {}; medians\n",
        folder.display()
    );
    println!("proxy              |   req/s | of bare | CPU µs/req | of bare | core busy |  p50 ms |  p99 ms | failed");
    println!("-------------------|--------:|--------:|-----------:|--------:|----------:|--------:|--------:|-------:");
    let Some(bare) = rows.first() else { return };
    for row in rows {
        let (rate, cpu) = (row.median(|f| f.rate), row.median(|f| f.cpu));
        println!(
            "{:<18} | {rate:>7.0} | {:>7.2} | {cpu:>10.1} | {:>7.2} | {:>7.0} % | {:>7.2} | {:>7.2} | {:>6}",
            row.name,
            rate / bare.median(|f| f.rate),
            cpu / bare.median(|f| f.cpu),
            row.median(|f| f.busy),
            row.median(|f| f.p50),
            row.median(|f| f.p99),
            row.failed,
        );
    }
}

fn machine(cores: &Cores) -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("an unknown processor", |(_, model)| model);
    let rustc = Command::new("rustc").arg("--version").output();
    let rustc = rustc.map_or_else(|_| String::new(), |output| String::from_utf8_lossy(&output.stdout).into_owned());
    let pinned = if cores.pinned {
        "the proxy alone on one, load and app on another"
    } else {
        "nothing is pinned, so proxies, load and app share them"
    };
    format!("{model}, {} cores: {pinned}; {}", cores.all, rustc.trim())
}
