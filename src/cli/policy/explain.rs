//! `chaperone policy explain`: why a request passes or not, and what would permit it.
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use serde::Serialize;

use crate::access::AccessError;
use crate::access::explain::{Described, Explained, Question, Sources, explain};
use crate::config::{Config, Profile};
use crate::domain::id::{EngineerId, MemberId, RequestId, WorkspaceId};
use crate::domain::time::{Clock, Timestamp};
use crate::policy::{Answer, Bundle, Explanation, Situation, explain as by_policy};
use crate::store::Store;

use super::{Environment, Exit, Format, print, which};
use crate::cli::runtime;

/// Why a request passes or not
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("of").required(true).args(["request_id", "engineer", "case"])))]
pub(in crate::cli) struct Arguments {
    /// The configuration of the gate; for a case the policies alone count
    #[arg(long, value_name = "FILE", required_unless_present = "case")]
    config: Option<PathBuf>,
    /// A request of the trail: the id stands in every refusal
    #[arg(long, value_name = "ID")]
    request_id: Option<RequestId>,
    /// A request that you describe: who asks
    #[arg(long, value_name = "ID", requires_all = ["workspace", "method", "path"])]
    engineer: Option<EngineerId>,
    /// Where
    #[arg(long, value_name = "ID", requires = "engineer")]
    workspace: Option<WorkspaceId>,
    /// As whom; without it whoever granted
    #[arg(long, value_name = "ID", requires = "engineer")]
    subject: Option<MemberId>,
    /// The method
    #[arg(long, requires = "engineer")]
    method: Option<String>,
    /// The path, as a browser would send it, or a whole URL
    #[arg(long, requires = "engineer")]
    path: Option<String>,
    /// When, in the past or the future; without it now
    #[arg(long, value_name = "TIME", requires = "engineer")]
    at: Option<Timestamp>,
    /// Facts in a file, as cases of `policy test`: no gate is needed
    #[arg(long, value_name = "FILE")]
    case: Option<PathBuf>,
    /// With a case: a built-in profile, beside the folders if there are any [default: segment, without folders]
    #[arg(long, value_name = "NAME", requires = "case", conflicts_with = "config")]
    profile: Option<Profile>,
    /// With a case: a folder of `*.cedar` files (repeatable)
    #[arg(long, value_name = "DIR", requires = "case", conflicts_with = "config")]
    policies: Vec<PathBuf>,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Runs it: exit 0 when it is permitted, 1 when it is not.
pub(super) fn run(arguments: Arguments, environment: &Environment) -> anyhow::Result<Exit> {
    let Arguments { config, case, profile, policies, format, .. } = &arguments;
    if let Some(file) = case {
        let policy = which(config.as_deref(), *profile, policies.clone(), environment)?;
        return cases(&bundle(&policy)?, file, *format);
    }
    let format = *format;
    let file = config.as_deref().context("name the configuration by --config")?;
    let variables = environment.iter().map(|(name, value)| (name.clone(), value.clone()));
    let config = crate::config::load(file, variables).map_err(|errors| anyhow!("{errors}"))?.config;
    let question = arguments.question().context("name a request by --request-id, or describe one")?;
    let explained = runtime()?.block_on(asked(&config, question))?;
    match format {
        Format::Text => print(text(&explained)?)?,
        Format::Json | Format::Jsonl => print(document(&explained, format)?)?,
    }
    Ok(exit(&explained.explanation))
}

impl Arguments {
    fn question(self) -> Option<Question> {
        if let Some(id) = self.request_id {
            return Some(Question::Recorded(id));
        }
        let Self { engineer, workspace, subject, method, path, at, .. } = self;
        let (engineer, workspace, method, path) = (engineer?, workspace?, method?, path?);
        Some(Question::Described(Described { engineer, workspace, subject, method, path, at }))
    }
}

async fn asked(config: &Config, question: Question) -> anyhow::Result<Explained> {
    let bundle = bundle(&config.policy)?;
    let store = Store::open(&config.store).await.context("the state of the gate is in the store")?;
    let sources = Sources { store: &store, bundle: &bundle, config, now: Clock::system().now() };
    let explained = explain(sources, question).await;
    store.close().await;
    explained.map_err(|error| match error {
        AccessError::Refused(refusal) => match refusal.next {
            Some(next) => anyhow!("{}\n  next: {next}", refusal.reason),
            None => anyhow!("{}", refusal.reason),
        },
        error @ (AccessError::ChooseGrant(_) | AccessError::Store(_)) => anyhow!(error),
    })
}

fn bundle(policy: &crate::config::Policy) -> anyhow::Result<Bundle> {
    Bundle::load(policy).map_err(|errors| anyhow!("{errors}\nsee `chaperone policy check`"))
}

fn cases(bundle: &Bundle, file: &Path, format: Format) -> anyhow::Result<Exit> {
    let told = || format!("`{}`", file.display());
    let text = std::fs::read_to_string(file).with_context(told)?;
    let mut all_permitted = true;
    for (name, situation) in Situation::cases(&text).with_context(told)? {
        let explanation = by_policy(bundle, &[situation]).with_context(|| format!("case `{name}`"))?;
        all_permitted &= exit(&explanation) == Exit::Fine;
        match format {
            Format::Text => print(format!("{name}\n{explanation}\n"))?,
            Format::Json | Format::Jsonl => print(document(&explanation, format)?)?,
        }
    }
    Ok(if all_permitted { Exit::Fine } else { Exit::No })
}

fn exit(explanation: &Explanation) -> Exit {
    match explanation.decision {
        Answer::Allow => Exit::Fine,
        Answer::Deny => Exit::No,
    }
}

fn document(answer: &impl Serialize, format: Format) -> anyhow::Result<String> {
    let text = match format {
        Format::Json => serde_json::to_string_pretty(answer)?,
        Format::Jsonl | Format::Text => serde_json::to_string(answer)?,
    };
    Ok(text + "\n")
}

/// The answer for people.
fn text(explained: &Explained) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    let word = |id: Option<String>| id.unwrap_or_else(|| "none".to_owned());
    let engineer = word(explained.engineer.as_ref().map(ToString::to_string));
    let workspace = word(explained.workspace.as_ref().map(ToString::to_string));
    writeln!(out, "{engineer} in {workspace}, at {}", explained.at)?;
    let session = word(explained.session.as_ref().map(ToString::to_string));
    let grant = word(explained.grant.as_ref().map(ToString::to_string));
    match &explained.emergency {
        Some(emergency) => writeln!(out, "session {session}, emergency {emergency}")?,
        None => writeln!(out, "session {session}, grant {grant}")?,
    }
    if let Some(recorded) = &explained.recorded {
        let code = recorded.code.as_deref().unwrap_or("permitted");
        writeln!(out, "{} {} {}", recorded.request_id, recorded.method, recorded.path)?;
        writeln!(out, "recorded {} {code}, by {}", recorded.decision, recorded.bundle)?;
    }
    explained.notes.iter().try_for_each(|note| writeln!(out, "note: {note}"))?;
    writeln!(out, "\n{}", explained.explanation)?;
    Ok(out)
}
