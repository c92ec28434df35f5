//! Where policy texts come from: the program itself, or the folders that the configuration names.
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::config::Profile;

use super::errors::PolicyError;

/// One policy file.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// Its name in the digest: relative to its folder, so that a set has the same id wherever it lies.
    pub name: String,
    /// Where it lies, for people.
    pub place: String,
    /// Its text.
    pub text: String,
}

impl Source {
    pub(super) fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let name = name.into();
        Self { place: format!("policies/{name}"), name, text: text.into() }
    }
}

const BASE: &[(&str, &str)] = &[
    ("base/access.cedar", include_str!("../../policies/base/access.cedar")),
    ("base/consent.cedar", include_str!("../../policies/base/consent.cedar")),
    ("base/emergency.cedar", include_str!("../../policies/base/emergency.cedar")),
];

/// The one file of a built-in profile, with its name.
macro_rules! of_profile {
    ($name:literal) => {
        (
            concat!("profiles/", $name, "/", $name, ".cedar"),
            include_str!(concat!("../../policies/profiles/", $name, "/", $name, ".cedar")),
        )
    };
}

/// The guardrails, which no configuration can leave out.
pub(super) fn base() -> Vec<Source> {
    BASE.iter().map(|(name, text)| Source::new(*name, *text)).collect()
}

/// A built-in profile.
pub(super) fn profile(profile: Profile) -> Source {
    let (name, text) = match profile {
        Profile::Lambdatest => of_profile!("lambdatest"),
        Profile::Segment => of_profile!("segment"),
        Profile::Salesforce => of_profile!("salesforce"),
        Profile::Bizible => of_profile!("bizible"),
        Profile::Tsa => of_profile!("tsa"),
    };
    Source::new(name, text)
}

/// Every `*.cedar` below `dir`, sorted by name. Hidden entries are left out, and folders behind links are not
/// entered: Kubernetes mounts each file once more behind `..data`.
pub(super) fn read_dir(dir: &Path) -> Result<Vec<Source>, Box<PolicyError>> {
    let mut paths = Vec::new();
    walk(dir, &mut paths).map_err(|(path, error)| unreadable(&path, &error))?;
    paths.sort();
    let read = |path: &PathBuf| {
        let text = fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
        let name = path.strip_prefix(dir).unwrap_or(path).display().to_string();
        Ok(Source { name, place: path.display().to_string(), text })
    };
    paths.iter().map(read).collect()
}

fn walk(dir: &Path, found: &mut Vec<PathBuf>) -> Result<(), (PathBuf, io::Error)> {
    let at = |error| (dir.to_owned(), error);
    for entry in fs::read_dir(dir).map_err(at)? {
        let entry = entry.map_err(at)?;
        let path = entry.path();
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if entry.file_type().map_err(at)?.is_dir() {
            walk(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "cedar") {
            found.push(path);
        }
    }
    Ok(())
}

/// Why `path` cannot be used.
pub(super) fn unreadable(path: &Path, error: &io::Error) -> Box<PolicyError> {
    Box::new(PolicyError::plain(
        format!("cannot read `{}`: {error}", path.display()),
        "check the path and that it may be read",
    ))
}
