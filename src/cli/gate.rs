//! The API of a running gate, as the commands call it.
use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Uri};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::identity::ApiKey;

use super::client::{Call, Place, Trust, ask};
use super::{Environment, Exit, Format, load, print};

/// The variable with the key or token of whoever calls.
const TOKEN_VARIABLE: &str = "CHAPERONE_TOKEN";
/// Where the calls are.
const API: &str = "/.chaperone/api/v1";

/// Which gate, and as whom.
#[derive(Debug, clap::Args)]
pub(super) struct Reach {
    /// The configuration file of the gate: it is asked where `server.listen` says, as `server.public_url`
    #[arg(long, value_name = "FILE", required_unless_present = "url")]
    config: Option<PathBuf>,
    /// The gate's address, in place of what the configuration says
    #[arg(long, value_name = "URL")]
    url: Option<Uri>,
    /// A file with the API key or token of whoever calls [default: what `CHAPERONE_TOKEN` holds]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Certificate authorities to believe besides the machine's own, in PEM
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

/// A running gate.
#[derive(Debug)]
pub(super) struct Gate {
    place: Place,
    trust: Trust,
    token: SecretString,
}

/// The gate's answer is no.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Refused(String);

/// What we read of a problem document.
#[derive(Debug, Deserialize)]
struct Problem {
    title: String,
    code: String,
    detail: Option<String>,
    next: Option<String>,
    request_id: Option<String>,
}

impl Reach {
    /// The gate that is meant.
    pub(super) fn gate(&self, environment: &Environment) -> anyhow::Result<Gate> {
        let token = self.token(environment)?;
        Ok(Gate { place: self.place(environment)?, trust: Trust::new(self.ca.as_deref())?, token })
    }

    fn place(&self, environment: &Environment) -> anyhow::Result<Place> {
        if let Some(url) = &self.url {
            let place = Place::of(url)?;
            if place.is_exposed() {
                bail!("`{url}` is plaintext, and everybody on the way could read the key: use https, or loopback");
            }
            return Ok(place);
        }
        let file = self.config.as_deref().context("name the gate by --config or --url")?;
        let server = load(file, environment)?.config.server;
        let place = Place::of(&server.public_url.parse()?)?.reached_at(server.listen);
        Ok(if server.tls.is_some() { place } else { place.in_plaintext() })
    }

    fn token(&self, environment: &Environment) -> anyhow::Result<SecretString> {
        let token = match &self.token_file {
            Some(path) => {
                fs::read_to_string(path).with_context(|| format!("cannot read the key in `{}`", path.display()))?
            }
            None => environment.get(TOKEN_VARIABLE).cloned().with_context(|| {
                format!(
                    "no key is given: put one into `{TOKEN_VARIABLE}` or name its file with `--token-file` \
                     (`chaperone token create --scope operator` makes one)"
                )
            })?,
        };
        Ok(SecretString::from(token.trim()))
    }
}

impl Gate {
    /// Whether the caller is a machine of the vendor's.
    pub(super) fn as_api_key(&self) -> bool {
        self.token.expose_secret().starts_with(ApiKey::PREFIX)
    }

    /// Calls, and gives the document that comes back.
    ///
    /// # Errors
    /// [`Refused`] when the gate says no; anything else is a fault.
    pub(super) async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let mut headers = HeaderMap::new();
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", self.token.expose_secret()))
            .context("the key holds characters that no key has")?;
        bearer.set_sensitive(true);
        headers.insert(AUTHORIZATION, bearer);
        if body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let body = body.map(|document| Bytes::from(document.to_string())).unwrap_or_default();
        let call = Call { method, path: format!("{API}{path}"), headers, body };
        let answer = ask(&self.place, &self.trust, call).await?;
        if answer.status.is_success() {
            return serde_json::from_slice(&answer.body)
                .with_context(|| format!("what answers at `{}` is no gate", self.place.address));
        }
        match serde_json::from_slice::<Problem>(&answer.body) {
            Ok(problem) => Err(Refused(problem.told()).into()),
            Err(_) => bail!("`{}` answers {}, which is no answer of a gate", self.place.address, answer.status),
        }
    }

    /// All items of the list at `path`, page by page, that `wanted` chooses.
    pub(super) async fn list(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> anyhow::Result<Vec<Value>> {
        let mut found = Vec::new();
        let mut after = String::new();
        loop {
            let mut page = self.call(Method::GET, &format!("{path}?limit=200{after}"), None).await?;
            let items = page.get_mut("items").and_then(Value::as_array_mut).context("the gate sent no list")?;
            found.extend(std::mem::take(items).into_iter().filter(|item| wanted(item)));
            match page.get("next").and_then(Value::as_str) {
                Some(next) => after = format!("&after={next}"),
                None => return Ok(found),
            }
        }
    }
}

impl Problem {
    /// In words, in a few lines.
    fn told(&self) -> String {
        let Self { title, code, detail, next, request_id } = self;
        let more = [("why", detail), ("next", next), ("request", request_id)];
        let more = more.iter().filter_map(|(name, words)| Some(format!("\n  {name}: {}", words.as_ref()?)));
        format!("{title} (`{code}`){}", more.collect::<Vec<_>>().concat())
    }
}

/// A refusal for a reason that needs no gate to tell.
pub(super) fn refused(why: &str) -> anyhow::Error {
    Refused(why.to_owned()).into()
}

/// The exit of a command that a gate may refuse: a refusal is an answer, told on stderr.
pub(super) fn exit(done: anyhow::Result<()>) -> anyhow::Result<Exit> {
    match done {
        Ok(()) => Ok(Exit::Fine),
        Err(error) => {
            let refused = error.downcast::<Refused>()?;
            writeln!(io::stderr(), "refused: {refused}")?;
            Ok(Exit::No)
        }
    }
}

/// Prints a list, for people as `text` says.
pub(super) fn print_list(items: &[Value], format: Format, text: impl Fn(&[Value]) -> String) -> anyhow::Result<()> {
    print(match format {
        Format::Text => text(items),
        Format::Json => format!("{:#}\n", json!({ "items": items })),
        Format::Jsonl => items.iter().map(|item| format!("{item}\n")).collect::<Vec<_>>().concat(),
    })
}

/// Prints one document, for people as `text` says.
pub(super) fn print_one(item: &Value, format: Format, text: impl Fn(&Value) -> String) -> anyhow::Result<()> {
    print(match format {
        Format::Text => text(item),
        Format::Json => format!("{item:#}\n"),
        Format::Jsonl => format!("{item}\n"),
    })
}

/// The text under `name`; a dash where there is none.
pub(super) fn text(item: &Value, name: &str) -> String {
    item.get(name).and_then(Value::as_str).unwrap_or("-").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_told_in_a_few_lines() {
        let problem = json!({
            "type": "about:blank", "title": "Not found", "status": 404, "code": "not-found", "detail": "no such grant",
            "request_id": "rq_1",
        });
        let problem: Problem = serde_json::from_value(problem).unwrap();
        assert_eq!(problem.told(), "Not found (`not-found`)\n  why: no such grant\n  request: rq_1");
    }
}
