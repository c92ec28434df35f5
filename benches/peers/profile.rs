//! Where a proxy's time goes: `perf` looks at it while the load is on.
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};

use super::WARM_UP;
use super::contender::Contender;
use super::load::Load;
use super::stage::Stage;

/// How long `perf` looks.
const SECONDS: u64 = 10;
const FILE: &str = "target/peers/perf.data";

/// Records all processes of `contender`'s side, and prints where their time went, by function.
pub(crate) fn profile(stage: &Stage, contender: Contender) -> anyhow::Result<()> {
    let side = stage.side(contender.server())?;
    let load = Load::new(side.address, Arc::clone(&side.requests), contender.connections());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(load.closed(WARM_UP))?;
    std::fs::create_dir_all("target/peers")?;
    // A virtual machine may have no counters of the processor's; the clock is always there.
    let (ids, seconds) = (side.ids()?.join(","), SECONDS.to_string());
    let mut perf = Command::new("perf");
    perf.args(["record", "--quiet", "--event", "cpu-clock", "--freq", "999", "--output", FILE]);
    perf.args(["--pid", &ids, "--", "sleep", &seconds]);
    let mut recording = perf.spawn().context("cannot start `perf` (Debian: apt-get install linux-perf)")?;
    runtime.block_on(load.closed(Duration::from_secs(SECONDS + 1)))?;
    ensure!(recording.wait()?.success(), "`perf record` failed");
    let mut report = Command::new("perf");
    report.args(["report", "--stdio", "--no-children", "--percent-limit", "0.4"]);
    report.args(["--fields", "overhead,dso,symbol", "--column-widths", "8,20,100"]);
    ensure!(report.args(["--input", FILE]).status()?.success(), "`perf report` failed");
    println!("more: perf report --input {FILE}");
    Ok(())
}
