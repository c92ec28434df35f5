//! One node with a million grants and a hundred thousand live sessions, beside one with a thousand of each: the real binary
//! on a store filled beforehand. Prints goals and figures side by side, and what is missed.
//!
//! * `fill`: the rows. `app`: the app behind the gate. `measure`: what is done with a gate. `figures`: the table.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench fails by panicking"
)]
mod app;
mod figures;
mod fill;
mod measure;
#[expect(dead_code, unused_imports, reason = "the stories of `tests/it` need more of their world than this")]
#[path = "../../tests/it/world/mod.rs"]
mod world;

use std::process::ExitCode;

use fill::Size;

const FEW: Size = Size { grants: 1_000, sessions: 1_000 };
const MANY: Size = Size { grants: 1_000_000, sessions: 100_000 };

/// `cargo bench` calls this with `--bench`; a number after `--` is that of the sessions, for a machine that has less time.
fn main() -> ExitCode {
    if !std::env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    let asked = std::env::args().find_map(|argument| argument.parse().ok());
    let many = asked.map_or(MANY, |sessions| Size { sessions, ..MANY });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (few, many) = runtime.block_on(async { (measure::all(FEW).await, measure::all(many).await) });
    if figures::print(&few, &many) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
