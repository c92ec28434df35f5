//! Whether files really changed: by their content, whatever their times say.
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};

/// What all files of a source said at one moment.
pub(super) type Digest = [u8; 32];

/// The digest over these files, and over all files below these folders; none when it cannot be had. What is missing or
/// cannot be read counts too: it is a change when it comes back.
pub(super) async fn of(paths: Vec<PathBuf>) -> Option<Digest> {
    tokio::task::spawn_blocking(move || read(&paths)).await.ok()
}

fn read(paths: &[PathBuf]) -> Digest {
    let mut hash = Context::new(&SHA256);
    for path in paths {
        if path.is_dir() { folder(&mut hash, path) } else { file(&mut hash, path) }
    }
    let mut digest = Digest::default();
    digest.copy_from_slice(hash.finish().as_ref());
    digest
}

/// Hidden entries are left out, and folders behind links are not entered, as where policies are read.
fn folder(hash: &mut Context, path: &Path) {
    match entries(path) {
        Err(error) => part(hash, error.to_string().as_bytes()),
        Ok(entries) => {
            for (path, is_folder) in entries {
                if is_folder { folder(hash, &path) } else { file(hash, &path) }
            }
        }
    }
}

/// The entries of a folder that are not hidden, by name, each with whether it is a folder itself.
pub(super) fn entries(path: &Path) -> io::Result<Vec<(PathBuf, bool)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            found.push((entry.path(), entry.file_type()?.is_dir()));
        }
    }
    found.sort();
    Ok(found)
}

fn file(hash: &mut Context, path: &Path) {
    part(hash, path.as_os_str().as_encoded_bytes());
    match fs::read(path) {
        Ok(content) => part(hash, &content),
        Err(error) => part(hash, error.to_string().as_bytes()),
    }
}

/// With its length first, so that two parts never read like one.
fn part(hash: &mut Context, bytes: &[u8]) {
    hash.update(&(bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}
