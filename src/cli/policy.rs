//! `chaperone policy`: the schema, a check of the files, the cases that they must pass, and the proof.
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use serde_json::json;

use crate::config::{self, Profile};
use crate::policy::{Bundle, SCHEMA, TestReport, run_builtin_tests, run_tests};

use super::{Environment, Exit, Format, print};

mod explain;
pub(super) mod prove;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Print the schema: what policies may speak of
    Schema,
    /// Check policy files; exit 1 and every mistake with file, line, caret and a hint
    Check {
        /// The configuration whose `policy.dirs` are meant
        #[arg(long, value_name = "FILE", conflicts_with_all = ["dirs", "profile"])]
        config: Option<PathBuf>,
        /// A built-in profile, beside the folders if there are any [default: segment, without folders]
        #[arg(long, value_name = "NAME")]
        profile: Option<Profile>,
        /// Folders of `*.cedar` files beside the guardrails
        #[arg(value_name = "DIR")]
        dirs: Vec<PathBuf>,
        /// How the result is printed
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Decide cases, and compare with what they expect; exit 1 when one comes otherwise
    Test {
        /// The configuration whose `policy.dirs` are meant
        #[arg(long, value_name = "FILE", conflicts_with_all = ["policies", "profile"])]
        config: Option<PathBuf>,
        /// A built-in profile, beside the folders if there are any [default: segment, without folders]
        #[arg(long, value_name = "NAME")]
        profile: Option<Profile>,
        /// A folder of `*.cedar` files beside the guardrails (repeatable)
        #[arg(long, value_name = "DIR")]
        policies: Vec<PathBuf>,
        /// A file of cases or a folder of them; none: the built-in cases of the guardrails and of the profile
        #[arg(value_name = "PATH")]
        cases: Option<PathBuf>,
        /// How the result is printed
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Explain why a request passes or not, and what would permit it; exit 1 when it does not pass
    Explain(Box<explain::Arguments>),
    /// Prove what the policies never permit and always permit; exit 1 when something is refuted or not proved
    Prove(Box<prove::Arguments>),
}

/// Runs it.
pub(super) fn run(command: Command, environment: &Environment) -> anyhow::Result<Exit> {
    match command {
        Command::Explain(arguments) => explain::run(*arguments, environment),
        Command::Prove(arguments) => prove::run(*arguments, environment),
        Command::Schema => print(SCHEMA).map(|()| Exit::Fine),
        Command::Check { config, profile, dirs, format } => {
            check(&which(config.as_deref(), profile, dirs, environment)?, format)
        }
        Command::Test { config, profile, policies, cases, format } => {
            test(&which(config.as_deref(), profile, policies, environment)?, cases.as_deref(), format)
        }
    }
}

/// Which policies are meant: those of the configuration, or those of the profile and in `dirs`.
fn which(
    file: Option<&Path>,
    profile: Option<Profile>,
    dirs: Vec<PathBuf>,
    environment: &Environment,
) -> anyhow::Result<config::Policy> {
    let Some(file) = file else {
        return Ok(config::Policy { profile, dirs, ..config::Policy::default() });
    };
    let environment = environment.iter().map(|(key, value)| (key.clone(), value.clone()));
    Ok(config::load(file, environment).map_err(|errors| anyhow!("{errors}"))?.config.policy)
}

fn check(policy: &config::Policy, format: Format) -> anyhow::Result<Exit> {
    match (Bundle::load(policy), format) {
        (Ok(bundle), Format::Text) => {
            print(format!("{} policies, no mistake; {}\n", bundle.policy_ids().len(), bundle.id()))?;
            Ok(Exit::Fine)
        }
        (Ok(bundle), Format::Json | Format::Jsonl) => {
            let policies: Vec<String> = bundle.policy_ids().iter().map(ToString::to_string).collect();
            print(format!("{}\n", json!({ "ok": true, "bundle": bundle.id().as_ref(), "policies": policies })))?;
            Ok(Exit::Fine)
        }
        (Err(errors), Format::Text) => {
            print(format!("{errors}\n{} to correct\n", mistakes(errors.count())))?;
            Ok(Exit::No)
        }
        (Err(errors), Format::Json | Format::Jsonl) => {
            let found = json!({ "ok": false, "mistakes": errors.count(), "errors": errors.messages() });
            print(format!("{found}\n"))?;
            Ok(Exit::No)
        }
    }
}

fn mistakes(count: usize) -> String {
    if count == 1 { "1 mistake".to_owned() } else { format!("{count} mistakes") }
}

fn test(policy: &config::Policy, cases: Option<&Path>, format: Format) -> anyhow::Result<Exit> {
    let bundle = match Bundle::load(policy) {
        Ok(bundle) => bundle,
        Err(errors) => {
            return Err(anyhow!(
                "{errors}\nthe policies have {}: see `chaperone policy check`",
                mistakes(errors.count())
            ));
        }
    };
    let report = match cases {
        Some(path) => run_tests(&bundle, path),
        None => run_builtin_tests(&bundle, policy.built_in()),
    };
    let report = report.map_err(|error| anyhow!(error))?;
    print(shown(&report, format)?)?;
    Ok(if report.all_passed() { Exit::Fine } else { Exit::No })
}

fn shown(report: &TestReport, format: Format) -> anyhow::Result<String> {
    Ok(match format {
        Format::Text => report.to_string(),
        Format::Json => serde_json::to_string_pretty(report)? + "\n",
        Format::Jsonl => {
            let lines: Result<Vec<_>, _> = report.cases.iter().map(serde_json::to_string).collect();
            lines?.join("\n") + "\n"
        }
    })
}
