//! `chaperone token`.
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::access::actor::Scope;
use crate::access::api_keys::{self, Listed};
use crate::domain::id::ApiKeyId;
use crate::domain::text::Label;
use crate::domain::time::Clock;
use crate::store::Store;

use super::{Environment, Exit, Format, print, runtime};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Make a key; it is printed once, on stdout
    Create {
        /// The configuration file
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// What the key is called in lists and in the trail
        #[arg(long)]
        name: Label,
        /// What it may do: `directory`, `operator` or `authzen`; may be given several times
        #[arg(long, required = true)]
        scope: Vec<Scope>,
    },
    /// List all keys, without the keys themselves
    List {
        /// The configuration file
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// How to print them
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Revoke a key: it is refused from then on
    Revoke {
        /// The configuration file
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Its id, as `list` shows it
        id: ApiKeyId,
    },
}

/// Runs it.
pub(super) fn run(command: Command, environment: &Environment) -> anyhow::Result<Exit> {
    runtime()?.block_on(async {
        match command {
            Command::Create { config, name, scope } => {
                create(&open(&config, environment).await?, &name, &scope.into_iter().collect()).await
            }
            Command::List { config, format } => list(&open(&config, environment).await?, format).await,
            Command::Revoke { config, id } => revoke(&open(&config, environment).await?, &id).await,
        }
    })
}

async fn open(config: &Path, environment: &Environment) -> anyhow::Result<Store> {
    let variables = environment.iter().map(|(name, value)| (name.clone(), value.clone()));
    let loaded = crate::config::load(config, variables).map_err(|errors| anyhow::anyhow!("{errors}"))?;
    Store::open(&loaded.config.store).await.context("keys are kept in the store")
}

async fn create(store: &Store, name: &Label, scopes: &BTreeSet<Scope>) -> anyhow::Result<Exit> {
    let (id, key) = api_keys::create(store, &Clock::system(), name, scopes).await?;
    store.close().await;
    print(format!("{}\n", key.reveal()))?;
    let note = format!("key `{id}` was made; it is shown only this once, so keep it in a safe place");
    writeln!(io::stderr(), "{note}")?;
    Ok(Exit::Fine)
}

async fn list(store: &Store, format: Format) -> anyhow::Result<Exit> {
    let keys = api_keys::list(store).await?;
    store.close().await;
    print(shown(&keys, format)?)?;
    Ok(Exit::Fine)
}

async fn revoke(store: &Store, id: &ApiKeyId) -> anyhow::Result<Exit> {
    let known = api_keys::revoke(store, &Clock::system(), id).await?;
    store.close().await;
    if known {
        return Ok(Exit::Fine);
    }
    writeln!(io::stderr(), "there is no key `{id}`; `chaperone token list` shows them all")?;
    Ok(Exit::No)
}

fn shown(keys: &[Listed], format: Format) -> anyhow::Result<String> {
    match format {
        Format::Text => text(keys),
        Format::Json => Ok(format!("{:#}\n", json!({ "items": keys.iter().map(document).collect::<Vec<_>>() }))),
        Format::Jsonl => lines(keys),
    }
}

fn text(keys: &[Listed]) -> anyhow::Result<String> {
    let mut out = String::new();
    for key in keys {
        let standing = key.revoked_at.map_or_else(|| "valid".to_owned(), |at| format!("revoked {at}"));
        let (id, scopes, name) = (&key.id, words(key).join(","), &key.name);
        writeln!(out, "{id}  {}  {standing:<32}  {scopes:<18}  {name}", key.created_at)?;
    }
    Ok(out)
}

fn lines(keys: &[Listed]) -> anyhow::Result<String> {
    let mut out = String::new();
    for key in keys {
        writeln!(out, "{}", document(key))?;
    }
    Ok(out)
}

fn document(key: &Listed) -> Value {
    json!({
        "id": key.id,
        "name": key.name,
        "scopes": words(key),
        "created_at": key.created_at,
        "revoked_at": key.revoked_at,
    })
}

fn words(key: &Listed) -> Vec<&'static str> {
    key.scopes.iter().map(|scope| scope.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;

    fn key() -> Listed {
        let made = Timestamp::from_millis(1_800_000_000_000);
        Listed {
            id: "ak_1".parse().unwrap(),
            name: "directory sync".to_owned(),
            scopes: [Scope::Directory, Scope::Operator].into(),
            created_at: made,
            revoked_at: None,
        }
    }

    #[test]
    fn a_list_is_one_line_a_key() {
        let line =
            "ak_1  2027-01-15T08:00:00.000Z  valid                             directory,operator  directory sync\n";
        assert_eq!(shown(&[key()], Format::Text).unwrap(), line);
    }

    #[test]
    fn lists_are_json_on_request() {
        let lines = shown(&[key(), key()], Format::Jsonl).unwrap();
        assert_eq!(lines.lines().count(), 2);
        let document: Value = serde_json::from_str(&shown(&[key()], Format::Json).unwrap()).unwrap();
        assert_eq!(document["items"][0]["scopes"], json!(["directory", "operator"]));
        assert_eq!(document["items"][0]["revoked_at"], Value::Null);
    }
}
