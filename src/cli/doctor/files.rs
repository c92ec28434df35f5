//! Our own keys, and who may read what is secret.
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use toml::Value;

use crate::config::Config;
use crate::domain::time::Timestamp;
use crate::identity::{KeyState, Keys, keys_folder};
use crate::telemetry::logs::chain;

use super::finding::Finding;

/// Bits of a mode that let others than the owner in, and that let everybody read.
const OTHERS: u32 = 0o077;
const EVERYBODY: u32 = 0o004;

/// Looks at the keys and the modes of files; `file` is the configuration.
pub(super) fn check(config: &Config, file: &Path, now: Timestamp) -> Vec<Finding> {
    let mut secret: Vec<PathBuf> = named_secrets(file);
    secret.push(config.store.path.clone());
    secret.extend(config.server.tls.iter().flat_map(|tls| &tls.certificates).map(|pair| pair.key.clone()));
    let mut findings = vec![keys(config, now)];
    let open: Vec<Finding> =
        secret.iter().filter_map(|path| private(path, OTHERS)).chain(private(file, EVERYBODY)).collect();
    if open.is_empty() {
        findings.push(Finding::ok("files", format!("{} secret files are for their owner alone", secret.len())));
    }
    findings.extend(open);
    findings
}

fn keys(config: &Config, now: Timestamp) -> Finding {
    let folder = keys_folder(&config.store.path);
    if !folder.exists() {
        return Finding::ok("keys", format!("`{}` will be made on the first start", folder.display()));
    }
    match Keys::existing(&folder) {
        Ok(keys) => {
            let published = keys.shown(now);
            let published = published.iter().filter(|key| key.state != KeyState::Gone).count();
            Finding::ok("keys", format!("{published} published, readable by their owner alone"))
        }
        Err(error) => Finding::fail("keys", chain(&error), "without a key the gate does not start"),
    }
}

/// A finding when the mode of the file at `path` has one of `bits`; a file that is not there has no mode.
fn private(path: &Path, bits: u32) -> Option<Finding> {
    let mode = fs::metadata(path).ok()?.permissions().mode();
    (mode & bits != 0).then(|| {
        let said = format!("`{}` may be read by others than its owner (mode {:o})", path.display(), mode & 0o777);
        Finding::warn("files", said, format!("`chmod 600 {}`", path.display()))
    })
}

/// The files that keys such as `client_secret_file` name; public keys are no secret.
fn named_secrets(file: &Path) -> Vec<PathBuf> {
    let document = fs::read_to_string(file).ok().and_then(|text| text.parse::<toml::Table>().ok());
    let mut found = Vec::new();
    collect(&Value::Table(document.unwrap_or_default()), &mut found);
    let folder = file.parent().unwrap_or(Path::new(""));
    found.iter().map(|path| folder.join(path)).collect()
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Table(table) => {
            for (key, value) in table {
                match value {
                    Value::String(path) if key.ends_with("_file") && key != "jwks_file" => found.push(path.clone()),
                    other => collect(other, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::String(_) | Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_files_are_found_wherever_they_are_named() {
        let text = "[staff]\nclient_secret_file = \"a\"\njwks_file = \"public\"\n[[route]]\nassertion = { key_file = \"b\" }\n";
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("chaperone.toml");
        fs::write(&file, text).unwrap();
        let mut found = named_secrets(&file);
        found.sort();
        assert_eq!(found, [folder.path().join("a"), folder.path().join("b")]);
    }

    #[test]
    fn a_file_that_others_may_read_is_told_with_its_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        fs::write(&file, "hush").unwrap();
        for (mode, found) in [(0o600, false), (0o640, true), (0o604, true)] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(private(&file, OTHERS).is_some(), found, "{mode:o}");
        }
        assert!(private(&file, EVERYBODY).unwrap().next.unwrap().starts_with("`chmod 600 "));
    }
}
