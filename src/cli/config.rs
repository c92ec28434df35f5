//! `chaperone config`: is a configuration file right, and if not, what is wrong with it and where.
//!
//! The list of mistakes is this command's result, so it goes to stdout; warnings go to stderr.
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::{Value, json};

use super::{Environment, Exit, Format, print};
use crate::config::{self, ConfigErrors, HostMatch, Loaded, Mistake, Route, Server};

/// The file that is meant when none is named.
const DEFAULT_FILE: &str = "chaperone.toml";
/// The variable that names the file when `--config` does not.
const FILE_VARIABLE: &str = "CHAPERONE_CONFIG";

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Check the file: exit 0 when it can be served, 1 with every mistake, its place and a hint
    Check {
        /// The configuration file [default: $CHAPERONE_CONFIG, else chaperone.toml]
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// How the result is printed
        #[arg(long, value_enum, default_value = "text")]
        format: Format,
    },
}

/// Runs it.
pub(super) fn run(command: Command, environment: &Environment) -> anyhow::Result<Exit> {
    let Command::Check { config, format } = command;
    let named = config.or_else(|| environment.get(FILE_VARIABLE).map(PathBuf::from));
    let path = named.unwrap_or_else(|| DEFAULT_FILE.into());
    let colour = io::stdout().is_terminal() && !environment.contains_key("NO_COLOR");
    let checked = check(&path, environment, format, colour)?;
    for warning in &checked.warnings {
        // A failed write to stderr has nobody left to be told.
        let _ = writeln!(io::stderr(), "warning: {warning}");
    }
    print(&checked.result)?;
    Ok(checked.exit)
}

/// What the command has to say.
#[derive(Debug)]
struct Checked {
    result: String,
    warnings: Vec<String>,
    exit: Exit,
}

fn check(path: &Path, environment: &Environment, format: Format, colour: bool) -> anyhow::Result<Checked> {
    let variables = environment.iter().map(|(name, value)| (name.clone(), value.clone()));
    match config::load(path, variables) {
        Ok(loaded) => Ok(fine(path, loaded, format)),
        Err(errors) => match *errors {
            ConfigErrors::Mistaken(mistakes) => {
                let result = match format {
                    Format::Text => mistakes.render(colour) + "\n",
                    Format::Json | Format::Jsonl => document(mistakes.list(), &[], format),
                };
                Ok(Checked { result, warnings: Vec::new(), exit: Exit::No })
            }
            ConfigErrors::Unreadable { path, source } => Err(source).with_context(|| {
                let path = path.display();
                format!(
                    "cannot read the configuration file `{path}` (name it with `--config FILE` or in `{FILE_VARIABLE}`)"
                )
            }),
        },
    }
}

fn fine(path: &Path, loaded: Loaded, format: Format) -> Checked {
    let Loaded { config, warnings } = loaded;
    match format {
        Format::Text => {
            let mut result = format!("ok: `{}` can be served\n", path.display());
            let _ = writeln!(result, "  {}", listens(&config.server));
            for route in &config.routes {
                let _ = writeln!(result, "  {}", leads(route));
            }
            let _ = writeln!(result, "  engineers by {}, members by {}", config.staff.issuer, config.customers.issuer);
            let _ =
                writeln!(result, "  state in {}, trail in {}", config.store.path.display(), config.audit.dir.display());
            Checked { result, warnings, exit: Exit::Fine }
        }
        // They stand in the document, so they are not said twice.
        Format::Json | Format::Jsonl => {
            Checked { result: document(&[], &warnings, format), warnings: Vec::new(), exit: Exit::Fine }
        }
    }
}

fn listens(server: &Server) -> String {
    let how = match (&server.tls, server.behind_tls_proxy) {
        (Some(_), _) => "with TLS",
        (None, true) => "in plaintext behind a TLS proxy",
        (None, false) => "in plaintext",
    };
    format!("listens on {} {how}, as {}", server.listen, server.public_url)
}

fn leads(route: &Route) -> String {
    let host = match &route.host {
        HostMatch::Any => "every host",
        HostMatch::Exact(host) => host,
    };
    let apps: Vec<_> = route.upstream.iter().map(|app| app.to_string().trim_end_matches('/').to_owned()).collect();
    format!("leads {host} to {}", apps.join(", "))
}

/// `{"ok", "errors": [{"key", "variable", "line", "column", "message", "hint"}], "warnings"}`.
fn document(mistakes: &[Mistake], warnings: &[String], format: Format) -> String {
    let errors: Vec<_> = mistakes.iter().map(error).collect();
    let document = json!({ "ok": mistakes.is_empty(), "errors": errors, "warnings": warnings });
    match format {
        Format::Text | Format::Json => format!("{document:#}\n"),
        Format::Jsonl => format!("{document}\n"),
    }
}

fn error(mistake: &Mistake) -> Value {
    let (line, column) = mistake.position.unzip();
    json!({
        "key": mistake.key,
        "variable": mistake.variable,
        "line": line,
        "column": column,
        "message": mistake.message,
        "hint": mistake.hint,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINIMAL: &str = include_str!("../../config/minimal.toml");

    fn checked(text: &str, format: Format) -> anyhow::Result<Checked> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("chaperone.toml");
        std::fs::write(&path, text)?;
        check(&path, &Environment::new(), format, false)
    }

    #[test]
    fn a_right_file_is_summed_up() -> anyhow::Result<()> {
        let checked = checked(MINIMAL, Format::Text)?;
        assert_eq!(checked.exit, Exit::Fine);
        for part in ["ok: `", "listens on 127.0.0.1:8080 in plaintext", "leads every host to http://127.0.0.1:3000\n"] {
            assert!(checked.result.contains(part), "{part} is missing in {}", checked.result);
        }
        Ok(())
    }

    #[test]
    fn a_mistaken_file_is_a_no_with_every_mistake() -> anyhow::Result<()> {
        let text = format!("[sever]\n{MINIMAL}\n[store]\nurl = \"postgres://db\"\n");
        let said = checked(&text, Format::Text)?;
        assert_eq!(said.exit, Exit::No);
        assert!(
            said.result.contains("did you mean `server`?") && said.result.contains("`store.url`"),
            "{}",
            said.result
        );

        let document: Value = serde_json::from_str(&checked(&text, Format::Json)?.result)?;
        assert_eq!(document["ok"], false);
        let first = &document["errors"][0];
        assert_eq!((&first["key"], &first["line"], &first["column"]), (&json!("sever"), &json!(1), &json!(2)));
        assert_eq!(document["errors"].as_array().map(Vec::len), Some(2));
        Ok(())
    }

    #[test]
    fn what_has_no_effect_is_a_warning_and_no_mistake() -> anyhow::Result<()> {
        let text = format!("{MINIMAL}\n[policy]\nshadow_dirs = [\".\"]\n");
        let said = checked(&text, Format::Text)?;
        assert_eq!((said.exit, said.warnings.len()), (Exit::Fine, 1));

        let line = checked(&text, Format::Jsonl)?;
        let document: Value = serde_json::from_str(&line.result)?;
        assert_eq!((&document["ok"], document["warnings"].as_array().map(Vec::len)), (&json!(true), Some(1)));
        assert_eq!(line.result.lines().count(), 1);
        Ok(())
    }

    #[test]
    fn a_file_that_is_not_there_is_a_fault_with_advice() {
        let error = check(Path::new("/nowhere/chaperone.toml"), &Environment::new(), Format::Text, false);
        let said = format!("{:#}", error.expect_err("there is no such file"));
        assert!(said.contains("`--config FILE`") && said.contains("/nowhere/chaperone.toml"), "{said}");
    }
}
