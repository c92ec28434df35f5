//! The command line: one file per subcommand. Results go to stdout, everything else to stderr.
//!
//! * `serve` runs the gate; `demo` runs it with everything around it.
//! * `config` and `policy` check what a gate would run with. `audit` verifies and exports what it wrote.
//! * `token` makes, lists and revokes API keys.
//! * `key` replaces the signing key. `doctor` looks at everything that a gate needs, and at the apps behind it.
//! * `health` asks a running gate how it is. `completions` and `man` describe the command line itself.
//! * `grant` and `session` work on a running gate, by its API.
//! * `client`: the HTTP that commands speak; `gate`: the API over it. `table`: columns for people.
//!
//! Exit codes: 0 fine, 1 the answer is no, 2 usage or a fault. A closed pipe is no fault.
mod audit;
mod client;
mod completions;
mod config;
mod demo;
mod doctor;
mod gate;
mod grant;
mod health;
#[cfg(test)]
mod help_tests;
mod key;
mod man;
mod policy;
mod serve;
mod session;
mod table;
mod token;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};

use crate::config::{self as settings, Loaded};

/// A policy-enforcing authorization proxy for support access: no engineer inside a customer's account without the
/// customer's consent.
#[derive(Debug, Parser)]
#[command(name = "chaperone", version, arg_required_else_help = true, max_term_width = 110)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run everything on loopback: a sample app, sample identities, an embedded store; prints URLs and what to try
    Demo(demo::Arguments),
    /// Run the gate
    Serve(serve::Arguments),
    /// Check a configuration file
    #[command(subcommand)]
    Config(config::Command),
    /// Read, check and test policies
    #[command(subcommand)]
    Policy(policy::Command),
    /// Read, verify and export the trail
    #[command(subcommand)]
    Audit(audit::Command),
    /// Make, list and revoke API keys
    #[command(subcommand)]
    Token(token::Command),
    /// List and revoke grants at a running gate; with a member's own token, make one
    #[command(subcommand)]
    Grant(grant::Command),
    /// List and end sessions at a running gate
    #[command(subcommand)]
    Session(session::Command),
    /// List and replace the keys that sign assertions
    #[command(subcommand)]
    Key(key::Command),
    /// Look at everything that the gate needs, and at the apps behind it: what fails, what is open to abuse, what to do
    Doctor(doctor::Arguments),
    /// Ask the running gate whether it would let somebody pass: exit 0 when it is ready, else 1 and why
    Health(health::Arguments),
    /// Print what a shell needs to complete commands and options
    Completions(completions::Arguments),
    /// Print the manual's first page, or write all pages
    Man(man::Arguments),
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// One JSON document
    Json,
    /// One JSON document a line
    Jsonl,
}

/// What the exit code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    /// Fine.
    Fine,
    /// The answer is no.
    No,
}

/// The environment, read once.
type Environment = BTreeMap<String, String>;

/// Runs the command line. `arguments` begins with the program's name.
pub fn main(
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl Iterator<Item = (OsString, OsString)>,
) -> ExitCode {
    let parsed = match Arguments::try_parse_from(arguments) {
        Ok(parsed) => parsed,
        Err(error) => {
            // Help and version are results; a failed write of them has nobody left to be told.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    let environment = environment.filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect();
    match run(parsed.command, &environment) {
        Ok(Exit::Fine) => ExitCode::SUCCESS,
        Ok(Exit::No) => ExitCode::from(1),
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(command: Command, environment: &Environment) -> anyhow::Result<Exit> {
    match command {
        Command::Demo(arguments) => demo::run(arguments, environment),
        Command::Serve(arguments) => serve::run(arguments, environment),
        Command::Config(command) => config::run(command, environment),
        Command::Policy(command) => policy::run(command, environment),
        Command::Audit(command) => audit::run(command, environment),
        Command::Token(command) => token::run(command, environment),
        Command::Grant(command) => grant::run(command, environment),
        Command::Session(command) => session::run(command, environment),
        Command::Key(command) => key::run(command, environment),
        Command::Doctor(arguments) => doctor::run(&arguments, environment),
        Command::Health(arguments) => health::run(&arguments, environment),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Man(arguments) => man::run(&arguments),
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|e| e.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe))
}

/// The command line itself, for those who describe it.
fn command() -> clap::Command {
    Arguments::command()
}

/// The checked configuration in the file `path`.
fn load(path: &Path, environment: &Environment) -> anyhow::Result<Loaded> {
    settings::load(path, environment.clone().into_iter()).map_err(|errors| anyhow::anyhow!("{errors}"))
}

/// Prints a result on stdout.
fn print(text: impl AsRef<str>) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_ref().as_bytes())?;
    Ok(out.flush()?)
}

/// The runtime of commands that need one but serve nothing.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}
