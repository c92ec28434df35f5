//! `policy test`: cases in JSON against a bundle.
//!
//! * `case`: the format. A case names only what differs from `policies/tests/world.json`.
//! * `play`: a case becomes a question, and the answer is compared with what was expected; `explain` asks so too.
//! * `report`: what came of it, for people and for machines.
mod case;
mod play;
mod report;

use std::fs;
use std::path::{Path, PathBuf};

use crate::config::Profile;

use super::bundle::Bundle;

pub(super) use case::{Action, BasisKind, Case, HttpFacts, laid_over_the_world, read_case, world};
pub(super) use play::{Decided, decide};
pub use report::{CaseReport, TestReport};

/// What holds in every profile: the cases of the guardrails.
const GUARDRAILS: (&str, &str) = ("guardrails.json", include_str!("../../../policies/tests/guardrails.json"));

/// What a built-in profile adds: a file with its name.
macro_rules! of_profile {
    ($name:literal) => {
        (concat!($name, ".json"), include_str!(concat!("../../../policies/tests/", $name, ".json")))
    };
}

fn of(profile: Profile) -> (&'static str, &'static str) {
    match profile {
        Profile::Lambdatest => of_profile!("lambdatest"),
        Profile::Segment => of_profile!("segment"),
        Profile::Salesforce => of_profile!("salesforce"),
        Profile::Bizible => of_profile!("bizible"),
        Profile::Tsa => of_profile!("tsa"),
    }
}

/// Runs every case of every `*.json` in `dir` (or the one file `dir`).
///
/// # Errors
/// When a file cannot be read or a case is malformed: file, case and what to do.
pub fn run_tests(bundle: &Bundle, dir: &Path) -> Result<TestReport, String> {
    let paths = if dir.is_dir() { json_files(dir)? } else { vec![dir.to_owned()] };
    let mut report = TestReport::default();
    for path in paths {
        let name = path.display().to_string();
        let text = fs::read_to_string(&path).map_err(|error| format!("cannot read `{name}`: {error}"))?;
        run_file(bundle, &name, &text, &mut report)?;
    }
    Ok(report)
}

/// Runs the cases inside the program: those of the guardrails, and those of a built-in profile, if one decides.
///
/// # Errors
/// Never in a build that passed its tests.
pub fn run_builtin_tests(bundle: &Bundle, profile: Option<Profile>) -> Result<TestReport, String> {
    let mut report = TestReport::default();
    for (name, text) in [GUARDRAILS].into_iter().chain(profile.map(of)) {
        run_file(bundle, name, text, &mut report)?;
    }
    Ok(report)
}

fn run_file(bundle: &Bundle, name: &str, text: &str, report: &mut TestReport) -> Result<(), String> {
    let cases = case::read(text).map_err(|error| format!("`{name}`: {error}"))?;
    for case in &cases {
        let outcome = play::play(bundle, case).map_err(|error| format!("`{name}`, case `{}`: {error}", case.name))?;
        report.add(name, &case.name, case.expected.differences(&outcome));
    }
    Ok(())
}

fn json_files(dir: &Path) -> Result<Vec<PathBuf>, String> {
    let unreadable = |error| format!("cannot read `{}`: {error}", dir.display());
    let entries: Result<Vec<_>, _> = fs::read_dir(dir).map_err(unreadable)?.collect();
    let paths = entries.map_err(unreadable)?.into_iter().map(|entry| entry.path());
    // The world is what cases differ from, not a list of cases.
    let mut paths: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|e| e == "json") && !path.ends_with("world.json")).collect();
    paths.sort();
    if paths.is_empty() {
        return Err(format!("no `*.json` in `{}`: name a file of cases or a folder of them", dir.display()));
    }
    Ok(paths)
}

#[cfg(test)]
mod matrix;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod random;
#[cfg(test)]
mod remembered;
#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;
