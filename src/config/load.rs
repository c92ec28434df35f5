//! From the file to checked types.
use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::environment;
use super::errors::{ConfigErrors, Mistakes};
use super::reading::Reading;
use super::section::Item;
use super::sections;
use super::syntax;
use super::types::Config;

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
/// All mistakes at once, not just the first; or that the file cannot be read.
pub fn load(path: &Path, environment: impl Iterator<Item = (String, String)>) -> Result<Loaded, Box<ConfigErrors>> {
    let unreadable = |source: io::Error| ConfigErrors::Unreadable { path: path.to_owned(), source };
    let text = fs::read_to_string(path).map_err(unreadable)?;
    let mut folder = std::path::absolute(path).map_err(unreadable)?;
    folder.pop();
    read(&path.display().to_string(), folder, &text, environment)
}

/// Reads `text`, the content of the file called `name` in `folder`.
pub(super) fn read(
    name: &str,
    folder: PathBuf,
    text: &str,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<Loaded, Box<ConfigErrors>> {
    let reading = Reading::new(folder);
    let outcome = checked(text, environment, &reading);
    let (found, warnings, mut hidden) = reading.finish();
    match outcome {
        Ok(Some(config)) if found.is_empty() => Ok(Loaded { config, warnings }),
        Ok(_) => Err(Box::new(ConfigErrors::Mistaken(Mistakes::new(name.to_owned(), text, found, &hidden)))),
        Err(lines) => {
            hidden.extend(lines);
            Err(Box::new(ConfigErrors::Mistaken(Mistakes::new(name.to_owned(), text, found, &hidden))))
        }
    }
}

/// The configuration; none when a mistake was noted. The error is what a text that is no TOML must not show.
fn checked(
    text: &str,
    environment: impl Iterator<Item = (String, String)>,
    reading: &Reading,
) -> Result<Option<Config>, Vec<Range<usize>>> {
    let mut root = syntax::parse(text, reading)?;
    reading.hide(&root);
    environment::apply(&mut root, environment, reading);
    Ok(Item::document(reading, root).table(sections::config))
}
