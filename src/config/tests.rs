//! What a person reads who made a mistake, and what the program gets who made none.
mod good;
mod mistakes;
mod overrides;
mod secrets;

use std::path::Path;

use super::load::read;
use super::{ConfigErrors, Loaded};

/// A file without mistakes, in parts, so that a test changes one.
const SERVER: &str = "[server]\nlisten = \"127.0.0.1:8443\"\npublic_url = \"https://support.example.com\"\n";
const ROUTE: &str = "[[route]]\nupstream = [\"http://127.0.0.1:3000\"]\n";
const PEOPLE: &str =
    "[staff]\nissuer = \"https://idp.example.com\"\n[customers]\nissuer = \"https://app.example.com\"\n";

fn read_in(folder: &Path, text: &str, variables: &[(&str, &str)]) -> Result<Loaded, Box<ConfigErrors>> {
    let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    read("chaperone.toml", folder.to_owned(), text, environment)
}

fn read_text(text: &str) -> Result<Loaded, Box<ConfigErrors>> {
    read_in(Path::new("/etc/chaperone"), text, &[])
}

/// The messages for `text`, as `config check` prints them.
#[track_caller]
fn complaint(text: &str) -> String {
    read_text(text).expect_err("this is mistaken").to_string()
}

/// Key and message of every mistake in a complete file with `part` added.
fn keys_and_messages(part: &str) -> Vec<(String, String)> {
    match read_text(&format!("{SERVER}{PEOPLE}{ROUTE}{part}")) {
        Ok(_) => Vec::new(),
        Err(errors) => match *errors {
            ConfigErrors::Mistaken(m) => m.list().iter().map(|m| (m.key.clone(), m.message.clone())).collect(),
            ConfigErrors::Unreadable { .. } => panic!("nothing is read from a file here"),
        },
    }
}
