//! What the demo does differently under each profile: the limits in its configuration, and how consent is given.
use serde_json::{Value, json};

use crate::config::Profile;

/// The limits of grants and sessions, as TOML (the same as in `config/profiles`).
pub(super) const fn limits(profile: Profile) -> &'static str {
    match profile {
        Profile::Lambdatest => {
            "[grants]\nuntil_revoked = true\ndefault = \"until-revoked\"\nmax = \"365d\"\nopen = 1\n"
        }
        Profile::Segment => "[grants]\nmax = \"7d\"\n",
        Profile::Salesforce => "[grants]\npresets = [\"1d\", \"7d\", \"30d\"]\nmax = \"365d\"\n",
        Profile::Bizible => {
            "[grants]\npresets = [\"7d\", \"14d\", \"30d\"]\ndefault = \"14d\"\nmax = \"365d\"\nrecommend_min = \"7d\"\n\
             purposes = [\"diagnosis\", \"configuration\"]\n"
        }
        Profile::Tsa => {
            "[grants]\npresets = [\"1h\", \"4h\", \"8h\"]\ndefault = \"1h\"\nmax = \"7d\"\nrecommend_min = \"1h\"\n\n\
             [sessions]\nmax = \"2h\"\nidle = \"15m\"\n\n[emergency]\nmax = \"30m\"\n"
        }
    }
}

/// What a member grants; none: nobody grants without having been asked.
pub(super) fn grant(profile: Profile) -> Option<Value> {
    match profile {
        Profile::Lambdatest => Some(json!({"until_revoked": true, "access": "full"})),
        Profile::Segment => Some(json!({"duration": "3d", "access": "full", "ticket": "SUP-1042"})),
        Profile::Salesforce => Some(json!({"duration": "7d", "access": "full", "organization": "vendor"})),
        Profile::Bizible => {
            Some(json!({"duration": "14d", "access": "full", "organization": "vendor", "purpose": "diagnosis"}))
        }
        Profile::Tsa => None,
    }
}

/// What an engineer asks a member of `workspace` for, where members do not grant by themselves.
pub(super) fn request(workspace: &str) -> Value {
    json!({"workspace": workspace, "access": "full", "duration": "2h", "ticket": "SUP-1042",
        "reason": "An invoice of last week shows a wrong amount"})
}
