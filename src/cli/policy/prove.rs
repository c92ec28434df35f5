//! `chaperone policy prove`: what the policies never permit and always permit, shown for everything that can be asked.
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::anyhow;

use crate::cli::runtime;
use crate::config::Profile;
use crate::policy::{Bundle, Conclusion, Invariants, Proof, Solver, prove};

use super::{Environment, Exit, Format, print, which};

/// The solver that is looked for on the path.
const SOLVER: &str = "cvc5";

/// Prove what the policies never permit and always permit; exit 1 when something is refuted or not proved
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// The configuration whose `policy.dirs`, `policy.invariants` and `policy.solver` are meant
    #[arg(long, value_name = "FILE", conflicts_with_all = ["dirs", "profile"])]
    config: Option<PathBuf>,
    /// A built-in profile with its own invariants, beside the folders if there are any [default: segment, without folders]
    #[arg(long, value_name = "NAME")]
    profile: Option<Profile>,
    /// Folders of `*.cedar` files beside the guardrails
    #[arg(value_name = "DIR")]
    dirs: Vec<PathBuf>,
    /// Invariants of your own, in a file or a folder (repeatable): a `forbid` is never permitted, a `permit` always is
    #[arg(long, value_name = "PATH")]
    invariants: Vec<PathBuf>,
    /// Also remove each `forbid` in turn: without it an invariant is refuted, or nothing changes
    #[arg(long)]
    without_each: bool,
    /// The cvc5 program [default: `policy.solver`, else `$CVC5`, else `cvc5` on the path]
    #[arg(long, value_name = "PATH")]
    solver: Option<PathBuf>,
    /// How long the whole proof may take, in seconds
    #[arg(long, value_name = "S", default_value = "60", value_parser = clap::value_parser!(u32).range(1..))]
    timeout: u32,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Runs it.
pub(super) fn run(arguments: Arguments, environment: &Environment) -> anyhow::Result<Exit> {
    let Arguments { config, profile, dirs, invariants, without_each, solver, timeout, format } = arguments;
    let mut policy = which(config.as_deref(), profile, dirs, environment)?;
    policy.invariants.extend(invariants);
    let program = solver_program(solver.or(policy.solver.take()), environment);
    let loaded = |what: &str, errors: &dyn std::fmt::Display| anyhow!("{errors}\nthe {what} cannot be loaded");
    let bundle = Bundle::load(&policy).map_err(|errors| loaded("policies", &errors))?;
    let invariants = Invariants::load(&policy).map_err(|errors| loaded("invariants", &errors))?;
    let solver = Solver { program, patience: Duration::from_secs(timeout.into()) };
    let proof =
        runtime()?.block_on(prove(&bundle, &invariants, &solver, without_each)).map_err(|error| anyhow!(error))?;
    print(shown(&proof, format)?)?;
    Ok(match proof.conclusion() {
        Conclusion::Proved => Exit::Fine,
        Conclusion::Refuted | Conclusion::NotProved => Exit::No,
    })
}

fn shown(proof: &Proof, format: Format) -> anyhow::Result<String> {
    Ok(match format {
        Format::Text => proof.to_string(),
        Format::Json => serde_json::to_string_pretty(proof)? + "\n",
        Format::Jsonl => {
            let lines: Result<Vec<_>, _> = proof.findings.iter().map(serde_json::to_string).collect();
            lines?.join("\n") + "\n"
        }
    })
}

/// The program that proves: the one that is named, else `$CVC5`, else `cvc5`; where it lies on the path, since it gets no
/// environment of ours.
pub(in crate::cli) fn solver_program(named: Option<PathBuf>, environment: &Environment) -> PathBuf {
    let variable = || environment.get("CVC5").filter(|path| !path.is_empty()).map(PathBuf::from);
    let program = named.or_else(variable).unwrap_or_else(|| SOLVER.into());
    if program.components().count() > 1 {
        return program;
    }
    let folders = environment.get("PATH").into_iter().flat_map(|path| path.split(':'));
    let found = folders.map(|folder| Path::new(folder).join(&program)).find(|path| path.is_file());
    found.unwrap_or(program)
}
