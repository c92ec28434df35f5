//! What chaperone costs beside a bare hyper proxy: both in one run, in turns, each in a process of its own on one core.
//!
//! This process makes the load; it starts itself again as the app and as each proxy. `figures` says what is measured.
mod app;
mod bare;
mod child;
mod figures;
mod gate;
mod load;

use std::time::Duration;

use child::{Child, Cores};
use figures::Row;
use load::Load;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How often each proxy is measured; the figures are medians.
const ROUNDS: usize = 5;
/// How long each time.
const ROUND: Duration = Duration::from_secs(3);
/// So that caches and connections are there.
const WARM_UP: Duration = Duration::from_secs(1);

/// `cargo bench` calls this with `--bench`; this calls itself with the name of a part.
fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match *arguments.as_slice() {
        ["app"] => child::run(app::run()),
        ["bare", app] => child::run(bare::run(app.parse()?)),
        ["gate", durability, app] => child::run(gate::run(app.parse()?, durability)),
        _ if arguments.contains(&"--bench") => measure(),
        _ => Ok(()),
    }
}

fn measure() -> anyhow::Result<()> {
    let cores = Cores::share()?;
    let app = Child::start(&["app"], cores.for_load())?;
    let address = app.address.to_string();
    let start = |arguments: &[&str]| Child::start(arguments, cores.for_proxy());
    let bare = start(&["bare", &address])?;
    let relaxed = start(&["gate", "relaxed", &address])?;
    let strict = start(&["gate", "strict", &address])?;
    let sessions = [&relaxed.sessions, &relaxed.sessions, &strict.sessions];
    let mut rows = ["bare hyper proxy", "chaperone, relaxed", "chaperone, strict"].map(Row::new);

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let proxies = [&bare, &relaxed, &strict];
    for round in 0..=ROUNDS {
        for ((proxy, sessions), row) in proxies.into_iter().zip(sessions).zip(&mut rows) {
            let load = Load::new(proxy.address, sessions);
            let before = proxy.cpu()?;
            let result = runtime.block_on(load.run(if round == 0 { WARM_UP } else { ROUND }))?;
            let cpu = proxy.cpu()?.saturating_sub(before);
            if round > 0 {
                row.add(result, cpu);
            }
        }
    }
    figures::print(&rows, &cores, relaxed.sessions.len());
    Ok(())
}
