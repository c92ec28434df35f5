//! `chaperone health`: would the running gate let somebody pass? For a container's health check.
use std::path::PathBuf;

use anyhow::anyhow;
use http::{StatusCode, Uri};
use serde_json::{Map, Value, json};

use crate::telemetry::logs::chain;

use super::client::{Call, NoAnswer, Place, Trust, ask, reachable};
use super::{Environment, Exit, Format, load, print, runtime};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The configuration file of the gate: its `ops.listen` is asked
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// What the gate says of itself.
#[derive(Debug)]
struct Health {
    /// The process answers.
    alive: bool,
    /// Somebody would be let through.
    ready: bool,
    /// What is not as it should be, by its name.
    trouble: Map<String, Value>,
}

/// Runs it.
pub(super) fn run(arguments: &Arguments, environment: &Environment) -> anyhow::Result<Exit> {
    let address = reachable(load(&arguments.config, environment)?.config.ops.listen);
    let place = Place::of(&Uri::try_from(format!("http://{address}"))?)?;
    let health = runtime()?.block_on(look(&place, &Trust::new(None)?))?;
    print(shown(&health, arguments.format))?;
    Ok(if health.ready { Exit::Fine } else { Exit::No })
}

async fn look(place: &Place, trust: &Trust) -> anyhow::Result<Health> {
    let alive = match ask(place, trust, Call::get("/healthz")).await {
        Ok(answer) => answer.status == StatusCode::OK,
        Err(silent) => return Ok(down(&silent)),
    };
    let answer = match ask(place, trust, Call::get("/readyz")).await {
        Ok(answer) => answer,
        Err(silent) => return Ok(down(&silent)),
    };
    let Ok(Value::Object(mut trouble)) = serde_json::from_slice(&answer.body) else {
        return Err(anyhow!("what listens on `{}` (`ops.listen`) is no gate", place.address));
    };
    trouble.retain(|name, value| name != "ready" && *value != json!("ok"));
    Ok(Health { alive, ready: alive && answer.status == StatusCode::OK, trouble })
}

fn down(silent: &NoAnswer) -> Health {
    let trouble = Map::from_iter([("gate".to_owned(), json!(chain(silent)))]);
    Health { alive: false, ready: false, trouble }
}

fn shown(health: &Health, format: Format) -> String {
    let Health { alive, ready, trouble } = health;
    match format {
        Format::Text if *ready => "ready\n".to_owned(),
        Format::Text => {
            let told = trouble.iter().map(|(name, value)| match value {
                Value::String(words) => format!("\n  {name}: {words}"),
                other => format!("\n  {name}: {other}"),
            });
            format!("not ready{}\n", told.collect::<String>())
        }
        Format::Json => format!("{:#}\n", json!({ "alive": alive, "ready": ready, "trouble": trouble })),
        Format::Jsonl => format!("{}\n", json!({ "alive": alive, "ready": ready, "trouble": trouble })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_by_name() {
        let trouble = Map::from_iter([("audit".to_owned(), json!("unavailable: the trail cannot be written"))]);
        let health = Health { alive: true, ready: false, trouble };
        let said = "not ready\n  audit: unavailable: the trail cannot be written\n";
        assert_eq!(shown(&health, Format::Text), said);
        let document: Value = serde_json::from_str(&shown(&health, Format::Jsonl)).unwrap();
        assert_eq!(document["trouble"]["audit"], "unavailable: the trail cannot be written");
    }
}
