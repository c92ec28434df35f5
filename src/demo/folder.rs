//! The demo's folder: configuration, policies, the issuers' public keys; the gate adds its store and its trail.
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use askama::Template;

use super::identities::{AUDIENCE, CUSTOMER_ISSUER, Issuers};
use super::idp;
use super::places::Sockets;
use super::rules;
use crate::config::Profile;
use crate::domain::random;

/// The demo's own policies, beside those of the profile: closed areas.
const AREAS: (&str, &str) = ("areas.cedar", include_str!("../../policies/demo/areas.cedar"));

#[derive(Template)]
#[template(path = "chaperone.toml", escape = "none")]
struct ConfigFile<'a> {
    gate_addr: String,
    ops_addr: String,
    gate: &'a str,
    app: &'a str,
    desk: &'a str,
    app_audience: &'a str,
    idp: &'a str,
    client: &'a str,
    customer_issuer: &'a str,
    audience: &'a str,
    profile: &'a str,
    limits: &'a str,
}

/// A folder that holds all state of one demo. A temporary one is removed when this is dropped.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    kept: bool,
}

impl Folder {
    /// Makes `dir`, or a temporary folder, readable by us alone, and writes what the gate needs to start.
    pub(super) fn prepare(
        dir: Option<PathBuf>,
        sockets: &Sockets,
        issuers: &Issuers,
        profile: Profile,
    ) -> anyhow::Result<Self> {
        let folder = match dir {
            Some(dir) => Self { path: std::path::absolute(dir)?, kept: true },
            None => Self { path: std::env::temp_dir().join(temporary_name()), kept: false },
        };
        let policies = folder.path.join("areas");
        // Parents too, so that `--dir` of an earlier run, or a new one, both work.
        let made = DirBuilder::new().recursive(folder.kept).mode(0o700).create(&folder.path);
        made.and_then(|()| DirBuilder::new().recursive(true).mode(0o700).create(&policies))
            .with_context(|| format!("cannot make the demo's folder `{}`", folder.path.display()))?;
        write(&policies.join(AREAS.0), AREAS.1)?;
        write(&folder.path.join("staff.jwks.json"), &issuers.staff.jwks().to_string())?;
        write(&folder.path.join("customers.jwks.json"), &issuers.customers.jwks().to_string())?;
        write(&folder.config(), &config_file(sockets, profile)?)?;
        Ok(folder)
    }

    /// The folder itself.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it outlives the demo.
    pub(super) const fn is_kept(&self) -> bool {
        self.kept
    }

    /// The gate's configuration file.
    pub(super) fn config(&self) -> PathBuf {
        self.path.join("chaperone.toml")
    }

    /// The folder of the trail.
    pub(super) fn trail(&self) -> PathBuf {
        self.path.join("audit")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.kept
            && let Err(error) = fs::remove_dir_all(&self.path)
        {
            tracing::warn!(%error, path = %self.path.display(), "the demo's temporary folder is left behind");
        }
    }
}

fn config_file(sockets: &Sockets, profile: Profile) -> anyhow::Result<String> {
    let file = ConfigFile {
        gate_addr: sockets.gate.to_string(),
        ops_addr: sockets.ops.to_string(),
        gate: &sockets.places.gate,
        app: &sockets.places.app,
        desk: &sockets.places.desk,
        app_audience: super::app::AUDIENCE,
        idp: &sockets.places.idp,
        client: idp::CLIENT,
        customer_issuer: CUSTOMER_ISSUER,
        audience: AUDIENCE,
        profile: profile.name(),
        limits: rules::limits(profile),
    };
    Ok(file.render()?)
}

fn temporary_name() -> String {
    format!("chaperone-demo-{:016x}", u64::from_be_bytes(random::bytes()))
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write `{}`", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::policy::Bundle;

    #[tokio::test]
    async fn a_temporary_folder_is_ours_alone_complete_and_goes_with_the_demo() {
        let sockets = Sockets::bind(0).await.unwrap();
        let folder =
            Folder::prepare(None, &sockets, &Issuers::new(&sockets.places.idp).unwrap(), Profile::Segment).unwrap();
        let path = folder.path().to_owned();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        for file in ["chaperone.toml", "staff.jwks.json", "customers.jwks.json", "areas/areas.cedar"] {
            assert!(path.join(file).is_file(), "{file}");
        }
        drop(folder);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn a_chosen_folder_is_kept_and_can_be_used_again() {
        let (home, sockets) = (tempfile::tempdir().unwrap(), Sockets::bind(0).await.unwrap());
        let dir = home.path().join("a/demo");
        for _ in 0..2 {
            drop(
                Folder::prepare(Some(dir.clone()), &sockets, &Issuers::new(&sockets.places.idp).unwrap(), Profile::Tsa)
                    .unwrap(),
            );
            assert!(dir.join("chaperone.toml").is_file());
        }
    }

    #[tokio::test]
    async fn the_configuration_is_a_toml_file_that_names_every_part_of_this_run() {
        let sockets = Sockets::bind(0).await.unwrap();
        let file: toml::Table = config_file(&sockets, Profile::Segment).unwrap().parse().unwrap();
        assert_eq!(file["server"]["public_url"].as_str(), Some(sockets.places.gate.as_str()));
        assert_eq!(file["route"][0]["upstream"][0].as_str(), Some(sockets.places.app.as_str()));
        assert_eq!(file["route"][0]["workspace"]["path"].as_str(), Some("/w/{workspace}/**"));
    }

    #[tokio::test]
    async fn a_gate_takes_the_configuration_and_the_policies_of_every_profile() {
        let sockets = Sockets::bind(0).await.unwrap();
        for profile in Profile::ALL {
            let folder = Folder::prepare(None, &sockets, &Issuers::new(&sockets.places.idp).unwrap(), profile).unwrap();
            let loaded = crate::config::load(&folder.config(), std::iter::empty()).unwrap();
            let ids = Bundle::load(&loaded.config.policy).unwrap().policy_ids();
            assert_eq!(loaded.config.policy.built_in(), Some(profile));
            assert!(ids.iter().any(|id| &**id == "no-billing"), "{profile}: {ids:?}");
        }
    }
}
