//! Secrets: read from files, and never shown.
use std::fs;

use proptest::prelude::*;
use secrecy::ExposeSecret;

use super::*;
use crate::config::types::{AssertionKey, HeaderPiece};

const SECRET: &str = "hunter2-hunter2-hunter2-hunter2-hunter2";

#[test]
fn a_file_gives_a_secret_without_its_last_line_break() -> std::io::Result<()> {
    let folder = tempfile::tempdir()?;
    for (content, want) in [("{SECRET}\n", "{SECRET}"), ("{SECRET}\r\n", "{SECRET}"), ("{SECRET}\n\n", "{SECRET}\n")] {
        let want = want.replace("{SECRET}", SECRET);
        fs::write(folder.path().join("key.txt"), content.replace("{SECRET}", SECRET))?;
        let text = format!("{SERVER}{PEOPLE}{ROUTE}assertion = {{ alg = \"HS256\", key_file = \"key.txt\" }}");
        let config = read_in(folder.path(), &text, &[]).unwrap_or_else(|errors| panic!("{errors}")).config;
        let AssertionKey::Hs256(key) = &config.routes[0].assertion.key else { panic!("an HS256 key") };
        assert_eq!(key.expose_secret(), want);
    }
    Ok(())
}

#[test]
fn braces_in_a_headers_file_are_no_placeholders() -> std::io::Result<()> {
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("gate.txt"), "a{b}c")?;
    let text = format!("{SERVER}{PEOPLE}{ROUTE}headers = {{ X-Gate-Secret_file = \"gate.txt\" }}");
    let config = read_in(folder.path(), &text, &[]).unwrap_or_else(|errors| panic!("{errors}")).config;
    assert_eq!(config.routes[0].headers["x-gate-secret"].1, [HeaderPiece::Text("a{b}c".to_owned())]);
    assert!(!format!("{config:?}").contains("a{b}c"));
    Ok(())
}

#[test]
fn what_is_wrong_with_secrets() -> std::io::Result<()> {
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("empty.txt"), "\n")?;
    let text = format!(
        "{SERVER}{ROUTE}headers = {{ A = \"{SECRET}\", A_file = \"empty.txt\" }}\n{PEOPLE}[notify.webhook]\n\
         url = \"https://a.example.com\"\nsecret = \"{SECRET}\"\nsecret_file = \"empty.txt\"\n"
    );
    let text = text.replace("[customers]", "client_secret_file = \"empty.txt\"\n[customers]");
    let said = read_in(folder.path(), &text, &[]).expect_err("mistaken").to_string();
    insta::assert_snapshot!(said.replace(&folder.path().display().to_string(), "FOLDER"));
    let missing = text.replace("empty.txt", "nowhere.txt");
    let said = read_in(folder.path(), &missing, &[]).expect_err("mistaken").to_string();
    assert!(said.contains("nowhere.txt`: No such file") && !said.contains("hunter2"), "{said}");
    Ok(())
}

#[test]
fn a_variable_takes_the_place_of_the_files_secret() {
    let text = format!("{SERVER}{PEOPLE}{ROUTE}assertion = {{ alg = \"HS256\", key_file = \"nowhere.txt\" }}");
    let variable = [("CHAPERONE__ROUTE__0__ASSERTION__KEY", SECRET)];
    let config = read_in(Path::new("/"), &text, &variable).unwrap_or_else(|errors| panic!("{errors}")).config;
    assert!(matches!(config.routes[0].assertion.key, AssertionKey::Hs256(_)));
    assert!(!format!("{config:?}").contains("hunter2"));
}

/// Texts with a secret in them, each mistaken in another way.
const LEAKY: [&str; 21] = [
    "staff = \"hunter2\"\n",
    "[[route]]\nheaders = \"X-Gate: hunter2\"\n",
    "[staff]\nclient_secret = hunter2\n",
    "[staff]\nclient_secret = \"hunter2\n",
    "[staff]\nclient_secret \"hunter2\"\n",
    "[staff]\nclient_secret = \"\"\"\nhunter2\n",
    "[staff]\nclient_secrt = \"hunter2\"\n",
    "[staff]\nclient_secret = [\"hunter2\"]\n",
    "[staff]\nclient_secret = { value = \"hunter2\" }\n",
    "[server]\nclient_secret = \"hunter2\"\n",
    "client_secret = \"hunter2\"\n",
    "staff = { issuer = 1, client_secret = \"hunter2\", x = 1 }\n",
    "[[route]]\nassertion = { alg = \"RS256\", key = \"hunter2\" }\n",
    "[[route]]\nheaders = { \"A\" = \"hunter2{\" }\n",
    "[[route]]\nheaders = { \"A\" = \"{hunter2}\", \"B_\" = \"hunter2\" }\n",
    "[[route]]\nheaders = [\"hunter2\"]\n",
    "[route.headers]\nAuthorization = hunter2\n",
    "[[route]]\nupstream = [\"http://user:hunter2@app\"]\n[store]\nurl = \"postgres://a:hunter2@db\"\n[notify.email]\nsmtp = \"user:hunter2@a\"",
    "[tickets]\nsecret = \"whsec_hunter2\"\n",
    "[staff]#client_secret = \"hunter2\"\n",
    "[[route]] # Authorization: hunter2\nname = # hunter2\n",
];

#[test]
fn no_message_shows_a_secret() {
    for text in LEAKY {
        let errors = read_text(text).expect_err("this is mistaken");
        let said = format!("{errors}\n{errors:?}");
        assert!(!said.contains("hunter2"), "{text}\n{said}");
    }
}

#[test]
fn no_message_shows_a_secret_of_the_environment() {
    for name in ["STAFF__CLIENT_SECRET__X", "STAFF__CLIENT_SECRETS", "ROUTE__0__HEADERS__A_", "ROUTE__0__HEADERS__A"] {
        let name = format!("CHAPERONE__{name}");
        let errors = read_in(Path::new("/"), "", &[(&name, "{hunter2}")]).expect_err("this is mistaken");
        assert!(!format!("{errors}\n{errors:?}").contains("hunter2"), "{name}");
    }
}

proptest! {
    #[test]
    fn no_slip_in_a_file_shows_its_secret(at in 0..400_usize, put in "[\\[\\]{}=\"'.,#\\n a-z]{0,3}", drop in 0..4_usize) {
        let text = format!(
            "{SERVER}{PEOPLE}client_id = \"a\"\n{ROUTE}headers = {{ \"X-Gate-Secret\" = \"hunter2\" }}\n\
             assertion = {{ alg = \"HS256\", key = \"hunter2\" }}\n[notify.webhook]\nsecret = \"hunter2\"\n"
        );
        let start = at.min(text.len());
        let end = (start + drop).min(text.len());
        let changed = format!("{}{put}{}", &text[..start], &text[end..]);
        if let Err(errors) = read_text(&changed) {
            let said = format!("{errors}\n{errors:?}");
            // A slip that turns the secret into a key has made it public itself.
            let is_key = said.lines().any(|line| line.contains("× `") && line.contains("hunter2"));
            prop_assert!(is_key || !said.contains("hunter2"), "{changed}\n{said}");
        }
    }
}
