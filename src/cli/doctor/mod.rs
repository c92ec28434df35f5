//! `chaperone doctor`: what works, what does not, and what to do, before customers find out.
//!
//! It changes nothing, makes no file, and shows no secret. What it cannot know, it says.
//!
//! * `finding`: what is found, and how it is told.
//! * `state`: store, trail, disk, clock. `files`: keys, and who may read what is secret.
//! * `certificate` with `der`: TLS towards clients. `issuers`: the keys of those who vouch for people.
//! * `notices`: who is told.
//! * `upstreams`: does the app answer, and whom else. `headers`: whom it believes. `mint`: do its tokens tell who acts.
//! * `throwaway`: somebody who does not exist, for asking an app what it makes of them.
mod certificate;
mod der;
mod files;
mod finding;
mod headers;
mod issuers;
mod mint;
mod notices;
mod state;
mod throwaway;
mod upstreams;

use std::path::PathBuf;

use crate::config::{Config, ConfigErrors, load};
use crate::domain::time::Clock;
use crate::policy::Bundle;

use super::client::Trust;
use super::{Environment, Exit, Format, print, runtime};

use finding::{Finding, is_fine, shown};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// What is asked of the apps, with and without the headers that say who somebody is
    #[arg(long, value_name = "PATH", default_value = "/")]
    probe_path: String,
    /// Where the app mints tokens for its users [default: the fixed paths of `customers.token_paths`]
    #[arg(long, value_name = "PATH")]
    mint_path: Option<String>,
    /// Ask the apps nothing as somebody who does not exist: an app that makes accounts for unknown names would make one
    #[arg(long)]
    skip_probes: bool,
    /// Certificate authorities to believe besides the machine's own, in PEM
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// How the findings are printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Runs it.
pub(super) fn run(arguments: &Arguments, environment: &Environment) -> anyhow::Result<Exit> {
    let findings = match load(&arguments.config, environment.clone().into_iter()) {
        Ok(loaded) => {
            let notes = loaded
                .warnings
                .iter()
                .map(|warning| Finding::warn("configuration", warning.as_str(), "leave it out, or do not rely on it"));
            let first = Finding::ok("configuration", format!("`{}` can be served", arguments.config.display()));
            let mut findings: Vec<_> = std::iter::once(first).chain(notes).collect();
            let trust = Trust::new(arguments.ca.as_deref())?;
            findings.extend(runtime()?.block_on(examine(&loaded.config, arguments, &trust)));
            findings
        }
        Err(errors) => vec![misconfigured(&errors, arguments)],
    };
    print(shown(&findings, arguments.format))?;
    Ok(if is_fine(&findings) { Exit::Fine } else { Exit::No })
}

fn misconfigured(errors: &ConfigErrors, arguments: &Arguments) -> Finding {
    let said = match errors {
        ConfigErrors::Mistaken(mistakes) => format!("has {} mistakes; nothing else was checked", mistakes.list().len()),
        ConfigErrors::Unreadable { .. } => "cannot be read; nothing else was checked".to_owned(),
    };
    let file = arguments.config.display();
    Finding::fail("configuration", format!("`{file}` {said}"), format!("`chaperone config check --config {file}`"))
}

async fn examine(config: &Config, arguments: &Arguments, trust: &Trust) -> Vec<Finding> {
    let now = Clock::system().now();
    let mut findings = vec![policies(config)];
    findings.push(state::store(config).await);
    findings.push(emergencies(config));
    findings.extend(state::trail(config, now));
    findings.extend(state::disk(config));
    findings.extend(files::check(config, &arguments.config, now));
    findings.extend(certificate::check(config, now));
    findings.extend(issuers::check(config, trust, now).await);
    findings.extend(notices::check(config).await);
    for (route, settings) in config.routes.iter().enumerate() {
        let asked = upstreams::Asked { config, route, settings, trust, path: &arguments.probe_path };
        let (found, answering) = upstreams::check(&asked, now).await;
        findings.extend(found);
        let name = format!("route {route}, identity");
        match answering {
            _ if arguments.skip_probes => findings.push(Finding::not_checked(name, "not checked: `--skip-probes`")),
            None => findings.push(Finding::not_checked(name, "not checked: the app does not answer")),
            Some(place) => {
                findings.extend(headers::check(&asked, &place).await);
                findings.extend(mint::check(&asked, &place, arguments.mint_path.as_deref()).await);
            }
        }
    }
    findings
}

/// Whether a customer can be told of an emergency: nobody enters by one before.
fn emergencies(config: &Config) -> Finding {
    if config.notify.email.is_some() || config.notify.webhook.is_some() {
        return Finding::ok("emergencies", "customers can be told of them, by e-mail or by the app's webhook");
    }
    Finding::warn(
        "emergencies",
        "customers can be told of them only while they look on, and nobody enters before they have been told",
        "configure `notify.email` or `notify.webhook`",
    )
}

fn policies(config: &Config) -> Finding {
    match Bundle::load(&config.policy) {
        Ok(bundle) => Finding::ok("policies", format!("{} policies, no mistake", bundle.policy_ids().len())),
        Err(errors) => Finding::fail(
            "policies",
            format!("{} mistakes: the gate does not start with them", errors.count()),
            "`chaperone policy check --config FILE` shows each with its place",
        ),
    }
}
