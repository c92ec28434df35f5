//! From the file to checked types.
use std::path::Path;

use super::types::Config;

/// Every mistake in a configuration file, each with its place and a hint.
#[derive(Debug)]
pub struct ConfigErrors;

impl std::fmt::Display for ConfigErrors {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        todo!()
    }
}

/// A configuration that can be served, and what in it has no effect yet.
#[derive(Debug)]
pub struct Loaded {
    /// The checked configuration.
    pub config: Config,
    /// Keys that are valid but without effect in this version, a sentence each.
    pub warnings: Vec<String>,
}

/// Reads `path`, lets `environment` override keys, reads secret files, checks everything.
///
/// # Errors
/// All mistakes at once, not just the first.
pub fn load(path: &Path, environment: impl Iterator<Item = (String, String)>) -> Result<Loaded, Box<ConfigErrors>> {
    let _ = (path, environment);
    todo!()
}
