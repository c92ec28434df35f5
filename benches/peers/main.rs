//! What chaperone costs beside others: a bare hyper proxy, nginx and Envoy without authorization by us, and both asking
//! an authorizer that makes chaperone's own decision. All in one run, in turns, the proxies alone on one core.
//!
//! This process makes the load; it starts itself again as the app, the bare proxy, the gate and the authorizer, and
//! starts nginx and Envoy. `benches/peers/run` gets those two and calls this; docs/PERFORMANCE.md says what is measured.
mod app;
mod authorizer;
mod bare;
mod child;
mod contender;
mod envoy;
mod figures;
mod gate;
mod injected;
mod load;
mod machine;
mod nginx;
mod people;
mod profile;
mod requests;
mod stage;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

use contender::Contender;
use figures::Row;
use load::Load;
use machine::Cores;
use stage::{Programs, Stage};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The rate, in requests a second, at which latencies are compared: all can bear it.
const RATE: u32 = 2_000;
/// So that connections and sessions are there.
const WARM_UP: Duration = Duration::from_secs(1);

/// chaperone beside its peers
#[derive(Debug, Parser)]
struct Arguments {
    /// Only these, in three short rounds
    #[arg(long, value_enum, value_delimiter = ',', value_name = "NAMES")]
    quick: Vec<Contender>,
    /// Only this one, under load for ten seconds, seen by `perf`
    #[arg(long, value_enum, value_name = "NAME", conflicts_with = "quick")]
    profile: Option<Contender>,
    /// Where nginx is
    #[arg(long, default_value = "nginx")]
    nginx: PathBuf,
    /// Where Envoy is
    #[arg(long, default_value = "envoy")]
    envoy: PathBuf,
    /// Measures; `cargo bench` says so
    #[arg(long, hide = true)]
    bench: bool,
    #[command(subcommand)]
    part: Option<Part>,
}

/// What this program is when it starts itself again.
#[derive(Debug, Subcommand)]
#[command(hide = true)]
enum Part {
    App,
    Bare {
        app: SocketAddr,
    },
    Gate {
        durability: String,
        app: SocketAddr,
    },
    Authorizer {
        app: SocketAddr,
        #[arg(long)]
        remembers: bool,
    },
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    match &arguments.part {
        Some(Part::App) => child::run(app::run()),
        Some(Part::Bare { app }) => child::run(bare::run(*app)),
        Some(Part::Gate { durability, app }) => child::run(gate::run(*app, durability)),
        Some(Part::Authorizer { app, remembers }) => child::run(authorizer::run(*app, *remembers)),
        None if arguments.bench => measure(&arguments),
        // Tests start every bench once, to see that it starts.
        None => Ok(()),
    }
}

fn measure(arguments: &Arguments) -> anyhow::Result<()> {
    let quick = !arguments.quick.is_empty();
    let contenders = match arguments.profile {
        Some(one) => vec![one],
        None if quick => arguments.quick.clone(),
        None => Contender::value_variants().to_vec(),
    };
    let cores = Cores::share()?;
    let programs = Programs { nginx: arguments.nginx.clone(), envoy: arguments.envoy.clone() };
    let mut stage = Stage::new(cores, programs)?;
    for contender in &contenders {
        stage.start(contender.server())?;
    }
    match arguments.profile {
        Some(contender) => profile::profile(&stage, contender),
        None => compare(&stage, &contenders, if quick { (3, 2) } else { (5, 3) }),
    }
}

/// Measures each in turns, in `rounds` of as many `seconds`, and prints the tables.
fn compare(stage: &Stage, contenders: &[Contender], (rounds, seconds): (usize, u32)) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let length = Duration::from_secs(seconds.into());
    let mut rows: Vec<Row> = contenders.iter().copied().map(Row::new).collect();
    for round in 0..=rounds {
        eprintln!("round {round} of {rounds}");
        for row in &mut rows {
            let side = stage.side(row.contender.server())?;
            let load = Load::new(side.address, Arc::clone(&side.requests), row.contender.connections());
            if round == 0 {
                runtime.block_on(load.closed(WARM_UP))?;
                continue;
            }
            let before = side.cpu()?;
            let closed = runtime.block_on(load.closed(length))?;
            let cpu = side.cpu()?.saturating_sub(before);
            let open = runtime.block_on(load.open(RATE, length))?;
            row.add(&closed, cpu, &open, side.memory()?);
        }
    }
    println!("{}\n", machine::described(stage.cores()));
    figures::print(&rows);
    Ok(())
}
