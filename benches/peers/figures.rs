//! The tables: medians over the rounds, everything against the bare proxy, and chaperone against its peers.
use std::collections::BTreeMap;
use std::time::Duration;

use super::RATE;
use super::contender::Contender;
use super::load::Outcome;

/// One line's figures, a value for each round.
pub(crate) struct Row {
    pub(crate) contender: Contender,
    rounds: Vec<Figures>,
    /// How many answers were not good, over all rounds, by what was wrong.
    failures: BTreeMap<String, usize>,
}

#[derive(Clone, Copy)]
struct Figures {
    /// Answers in a second, as fast as they come.
    rate: f64,
    /// CPU time of the proxy's side for one request, in microseconds.
    cpu: f64,
    /// How busy it kept its core meanwhile, in percent.
    busy: f64,
    /// How long half of the answers took at most, in milliseconds, at the fixed rate.
    p50: f64,
    /// How long 99 of 100 answers took at most, in milliseconds, at the fixed rate.
    p99: f64,
    /// Memory, in MB.
    memory: f64,
}

impl Row {
    /// A line without figures yet.
    pub(crate) fn new(contender: Contender) -> Self {
        Self { contender, rounds: Vec::new(), failures: BTreeMap::new() }
    }

    /// Adds a round: `closed`, in which the proxy's side used `cpu`, then `open`, and the `memory` in kB after both.
    pub(crate) fn add(&mut self, closed: &Outcome, cpu: Duration, open: &Outcome, memory: u32) {
        for wrong in closed.failures.iter().chain(&open.failures) {
            *self.failures.entry(wrong.clone()).or_default() += 1;
        }
        let count = f64::from(u32::try_from(closed.latencies.len()).unwrap_or(u32::MAX));
        self.rounds.push(Figures {
            rate: count / closed.took.as_secs_f64(),
            cpu: cpu.as_secs_f64() * 1e6 / count,
            busy: cpu.as_secs_f64() * 1e2 / closed.took.as_secs_f64(),
            p50: at(open, 50),
            p99: at(open, 99),
            memory: f64::from(memory) / 1024.0,
        });
    }

    fn median(&self, figure: impl Fn(&Figures) -> f64) -> f64 {
        let mut values: Vec<f64> = self.rounds.iter().map(figure).collect();
        values.sort_unstable_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

/// How many milliseconds `hundredths` of the answers took at most.
fn at(outcome: &Outcome, hundredths: usize) -> f64 {
    let latency = outcome.latencies.get(outcome.latencies.len() * hundredths / 100);
    latency.map_or(f64::NAN, |latency| latency.as_secs_f64() * 1e3)
}

/// Prints both, in Markdown.
pub(crate) fn print(rows: &[Row]) {
    println!(
        "| proxy | req/s | of bare | CPU µs/req | of bare | core busy | p50 ms at {RATE}/s | p99 ms | RSS MB | failed |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    let bare = rows.iter().find(|row| row.contender == Contender::Bare);
    for row in rows {
        let (rate, cpu) = (row.median(|f| f.rate), row.median(|f| f.cpu));
        println!(
            "| {} | {rate:.0} | {:.2} | {cpu:.1} | {:.2} | {:.0} % | {:.2} | {:.2} | {:.0} | {} |",
            row.contender.title(),
            rate / bare.map_or(f64::NAN, |bare| bare.median(|f| f.rate)),
            cpu / bare.map_or(f64::NAN, |bare| bare.median(|f| f.cpu)),
            row.median(|f| f.busy),
            row.median(|f| f.p50),
            row.median(|f| f.p99),
            row.median(|f| f.memory),
            row.failures.values().sum::<usize>(),
        );
    }
    println!();
    for (row, (wrong, count)) in rows.iter().flat_map(|row| row.failures.iter().map(move |failure| (row, failure))) {
        println!("{}: {count} answers were `{wrong}`.", row.contender.title());
    }
    against(rows);
}

/// How much more chaperone does on one core than each other, by throughput, and by CPU time for a request.
fn against(rows: &[Row]) {
    let (ours, others): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|row| row.contender.is_ours());
    if ours.is_empty() || others.is_empty() {
        return;
    }
    let titles: Vec<&str> = others.iter().map(|row| row.contender.title()).collect();
    println!("| throughput ×, (CPU ×), against | {} |", titles.join(" | "));
    println!("|---|{}", "--:|".repeat(others.len()));
    for row in ours {
        let cell = |other: &&Row| {
            let throughput = row.median(|f| f.rate) / other.median(|f| f.rate);
            format!("{throughput:.2} ({:.2})", other.median(|f| f.cpu) / row.median(|f| f.cpu))
        };
        let cells: Vec<String> = others.iter().map(cell).collect();
        println!("| {} | {} |", row.contender.title(), cells.join(" | "));
    }
}
