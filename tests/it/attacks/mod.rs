//! The attack suite of `tests/attacks` against a gate that runs: everything unsafe is refused, whatever is sent.
//!
//! * `range`: a gate before an upstream that records every byte, and the scripts that attack it.
mod range;

use std::time::Duration;

pub(crate) use range::{CLOSED, ROUTE};
use range::{Range, free_port};

/// How many mutants the fuzzer sends, and in how many lanes at once: each waits most of its time.
const MUTANTS: u32 = 2000;
const LANES: u32 = 8;

/// The same corpus in three ways, all at once, for each run waits most of its time.
#[tokio::test]
async fn no_case_of_the_corpus_passes_by_whatever_way_it_comes() {
    let (plain, pieces, tls) = (Range::start().await, Range::start().await, Range::start_tls().await);
    let runs = [
        ("HTTP/1.1, and HTTP/2 by prior knowledge", plain.corpus(&[])),
        // A head of 100 kB in pieces takes longer than any head may.
        ("in pieces of three bytes", pieces.corpus(&["--h2", "prior", "--split", "3", "--only", "^(?!A-limits)"])),
        ("TLS, and HTTP/2 by ALPN", tls.corpus(&["--tls"])),
    ];
    for (way, run) in runs {
        let report = run.report();
        // None fails, whether it must or only should pass, and none is left out.
        assert!(report.trim_end().ends_with(" passed, 0 failed, 0 skipped"), "{way}:\n{report}");
    }
}

#[tokio::test]
async fn no_mutant_of_the_corpus_reaches_the_app_unsafe() {
    let (mut ranges, mut lanes) = (Vec::new(), Vec::new());
    for _lane in 0..LANES {
        ranges.push(Range::start().await);
    }
    for (seed, range) in ranges.iter().enumerate() {
        let n = (MUTANTS / LANES).to_string();
        lanes.push(range.fuzz(&["--n", &n, "--seed", &seed.to_string(), "--secs", "150"]));
    }
    for lane in lanes {
        let report = lane.report();
        assert!(report.contains(&format!("{} mutants in", MUTANTS / LANES)), "not all of them were sent:\n{report}");
        assert!(report.contains(" 0 unsafe"), "{report}");
    }
}

#[tokio::test]
async fn abusive_clients_are_bounded_and_others_are_served_meanwhile() {
    let range = Range::start().await;
    let pid = range.world.gate.pid().to_string();
    // How fast is not asked here: the machine is busy with other tests.
    let asked = ["--pid", &pid, "--secs", "3", "--max-ms", "20000", "--may-refuse"];
    let report = range.script("dos_probe.py", &asked).report();
    assert!(report.contains("13 passed, 0 failed"), "{report}");
}

#[tokio::test]
async fn nothing_flows_on_after_a_revoke() {
    let range = Range::start().await;
    let (log, revoke) = (range.log(), range.revoke_command());
    let asked = ["--upstream-log", &log, "--revoke-cmd", &revoke, "--max-ms", "1000", "--watch", "4"];
    let report = range.script("revoke_probe.py", &asked).report();
    assert!(report.contains("1 passed, 0 failed"), "{report}");
}

#[tokio::test]
async fn whatever_reached_the_app_is_in_the_trail_though_the_gate_is_killed() {
    let mut range = Range::start().await;
    // The probe starts the gate itself, again and again, at one address.
    range.world.gate.terminate();
    range.world.gate.ended(Duration::from_secs(30)).await;
    range.world.gate.address.set_port(free_port());
    let (log, [start, export, verify]) = (range.log(), range.commands());
    let asked = ["--upstream-log", &log, "--start-cmd", &start, "--export-cmd", &export, "--verify-cmd", &verify];
    let report = range.script("audit_kill_probe.py", &[&asked[..], &["--rounds", "20"]].concat()).report();
    assert!(report.contains("access without audit record: 0 ") && report.contains("1 passed, 0 failed"), "{report}");
}
