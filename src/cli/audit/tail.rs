//! `chaperone audit tail`.
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::time::Duration;

use clap::ValueEnum;
use serde_json::Value;

use super::{Environment, Exit, Source};
use crate::audit::{Filter, Tail};
use crate::domain::id::{SessionId, WorkspaceId};

/// How long to wait between two looks.
const LOOK: Duration = Duration::from_millis(200);

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// Go on and show records as they are written
    #[arg(long, short)]
    follow: bool,
    /// Only records of this workspace
    #[arg(long, value_name = "ID")]
    workspace: Option<WorkspaceId>,
    /// Only records of this kind, such as `grant.revoked` or `access.*`; may be given several times
    #[arg(long)]
    kind: Vec<String>,
    /// Only records of this session
    #[arg(long, value_name = "ID")]
    session: Option<SessionId>,
    /// How many of the last records to show
    #[arg(short = 'n', long, default_value_t = 10)]
    lines: usize,
    /// How to print them
    #[arg(long, value_enum, default_value = "text")]
    format: TailFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TailFormat {
    /// For people, a line each
    Text,
    /// As in the trail itself
    Jsonl,
}

/// Runs it; with `--follow` until it is stopped, or nobody reads on.
pub(super) fn run(arguments: Arguments, environment: &Environment) -> anyhow::Result<Exit> {
    let Arguments { source, follow, workspace, kind, session, lines, format } = arguments;
    let filter = Filter { workspace, kinds: kind, session };
    let (mut tail, mut found) = Tail::open(&source.folder(environment)?, filter, lines)?;
    loop {
        let mut out = io::stdout().lock();
        for line in &found {
            match format {
                TailFormat::Text => writeln!(out, "{}", text(&serde_json::from_slice(line)?))?,
                TailFormat::Jsonl => out.write_all(line)?,
            }
        }
        out.flush()?;
        drop(out);
        if !follow {
            return Ok(Exit::Fine);
        }
        std::thread::sleep(LOOK);
        found = tail.look()?;
    }
}

/// A record for people: when, what, where, who as whom, and what it was about.
pub(super) fn text(record: &Value) -> String {
    let word = |at: &str| record.pointer(at).and_then(Value::as_str).map(shown);
    let mut out = format!(
        "{}  {:<17}  {}",
        word("/at").unwrap_or_default(),
        word("/kind").unwrap_or_default(),
        word("/workspace").unwrap_or_else(|| "-".to_owned()),
    );
    let mut add = |before: &str, value: Option<String>| {
        if let Some(value) = value {
            // Writing to a string does not fail.
            let _ = write!(out, "{before}{value}");
        }
    };
    add("  ", word("/engineer"));
    add(if word("/engineer").is_some() { " as " } else { "  " }, word("/subject"));
    add("  ", word("/request/method"));
    add(" ", word("/request/path"));
    let ended = word("/kind").is_some_and(|kind| kind.rsplit('.').next() == Some("ended"));
    add(if ended { "  because: " } else { "  refused: " }, word("/decision/code"));
    add("  status ", record.pointer("/response/status").map(ToString::to_string));
    add(", ", word("/response/outcome"));
    add("  ticket ", word("/ticket"));
    add("  reason: ", word("/reason"));
    out
}

/// What people typed, without control characters: a terminal would obey them.
fn shown(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}
