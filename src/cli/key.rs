//! `chaperone key`: the assertion's signing keys, listed and replaced without an app noticing.
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::domain::time::{Clock, Span};
use crate::identity::{KeyShown, Keys, Rotated, begins, keys_folder};

use super::gate::print_list;
use super::table::table;
use super::{Environment, Exit, Format, load};

/// Apps may keep the JWKS for so long, as its `Cache-Control` says.
const CACHED: Span = Span::from_seconds(300);

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Replace the signing key: the new one is published at once and signs later, the old one stays published for a day
    Rotate(Rotate),
    /// List the keys that are published: kid, what each does, from when on it signs, when it goes
    List(List),
}

#[derive(Debug, clap::Args)]
pub(super) struct Rotate {
    /// The configuration file; the keys are in the folder `keys` beside its store
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// How long the new key is published before it signs: longer than any app keeps the JWKS
    #[arg(long, value_name = "SPAN", default_value = "10m", conflicts_with = "now")]
    ahead: Span,
    /// Sign with the new key at once, or with the one that is published already: for a key that leaked
    #[arg(long)]
    now: bool,
    /// How the keys are printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// The configuration file; the keys are in the folder `keys` beside its store
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// How the keys are printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Runs it.
pub(super) fn run(command: Command, environment: &Environment) -> anyhow::Result<Exit> {
    match command {
        Command::Rotate(arguments) => rotate(&arguments, environment),
        Command::List(List { config, format }) => {
            print_keys(&open(&config, environment)?, format)?;
            Ok(Exit::Fine)
        }
    }
}

fn open(config: &Path, environment: &Environment) -> anyhow::Result<Keys> {
    Ok(Keys::existing(&keys_folder(&load(config, environment)?.config.store.path))?)
}

fn rotate(arguments: &Rotate, environment: &Environment) -> anyhow::Result<Exit> {
    let Rotate { config, ahead, now: hasten, format } = arguments;
    let keys = open(config, environment)?;
    let now = Clock::system().now();
    let ahead = if *hasten { Span::ZERO } else { *ahead };
    let rotated = keys.rotate(now, begins(now, ahead), *hasten)?;
    if let Rotated::Pending(starts) = rotated {
        writeln!(
            io::stderr(),
            "a new key is published already and signs from {starts} on; wait for it, or sign with it at once by `--now`"
        )?;
        return Ok(Exit::No);
    }
    print_keys(&keys, *format)?;
    if ahead < CACHED && rotated == Rotated::Published {
        writeln!(
            io::stderr(),
            "note: apps may keep the JWKS for {CACHED}; one that does not ask again for an unknown kid refuses the new \
             key until then"
        )?;
    }
    Ok(Exit::Fine)
}

fn print_keys(keys: &Keys, format: Format) -> anyhow::Result<()> {
    let documents: Vec<Value> = keys.shown(Clock::system().now()).iter().map(document).collect();
    print_list(&documents, format, shown)
}

fn document(key: &KeyShown) -> Value {
    let KeyShown { kid, state, signs_from, goes_at } = key;
    json!({ "kid": kid, "state": state, "signs_from": signs_from, "goes_at": goes_at })
}

fn shown(keys: &[Value]) -> String {
    let row = |key: &Value| {
        let word = |name: &str| key.get(name).and_then(Value::as_str);
        let from = word("signs_from").map_or_else(|| "from the start".to_owned(), |at| format!("signs from {at}"));
        let until = word("goes_at").map_or_else(String::new, |at| format!("goes at {at}"));
        let [kid, state] = ["kid", "state"].map(|name| word(name).unwrap_or_default().to_owned());
        vec![kid, state, from, until]
    };
    table(&keys.iter().map(row).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use crate::domain::time::Timestamp;
    use crate::identity::KeyState;

    use super::*;

    #[test]
    fn a_key_is_a_line() {
        let at = |seconds: i64| Some(Timestamp::from_millis(1_795_000_000_000).plus(Span::from_seconds(seconds)));
        let key = |kid: &str, state, signs_from, goes_at| {
            document(&KeyShown { kid: kid.to_owned(), state, signs_from, goes_at })
        };
        let keys = [
            key("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", KeyState::Active, None, at(87_000)),
            key("nzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", KeyState::Next, at(600), None),
        ];
        insta::assert_snapshot!(shown(&keys));
    }
}
