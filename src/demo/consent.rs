//! What the gate's API tells of consent, as far as the demo's pages show it.
use serde::Deserialize;
use serde_json::Value;

use crate::domain::time::Timestamp;

/// `GET /workspaces/{ws}/support-access`, in part.
#[derive(Debug, Deserialize)]
pub(super) struct Overview {
    /// Whether somebody could enter now.
    pub(super) granted: bool,
    /// The code that excludes any grant, if one does.
    pub(super) excluded: Option<String>,
    /// Grants that are live or still to come.
    pub(super) grants: Vec<Grant>,
    /// Live sessions.
    pub(super) sessions: Vec<LiveSession>,
    /// What a grant may name.
    #[serde(default)]
    pub(super) choices: Choices,
}

/// What a grant may name; empty: anything.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Choices {
    pub(super) organizations: Vec<Organization>,
    pub(super) purposes: Vec<String>,
}

/// An organization that does support.
#[derive(Debug, Deserialize)]
pub(super) struct Organization {
    pub(super) id: String,
    pub(super) name: String,
}

/// A grant, in part.
#[derive(Debug, Deserialize)]
pub(super) struct Grant {
    pub(super) id: String,
    pub(super) subject: String,
    pub(super) access: String,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) ticket: Option<String>,
}

/// A live session, in part.
#[derive(Debug, Deserialize)]
pub(super) struct LiveSession {
    pub(super) id: String,
    pub(super) engineer: SeenEngineer,
    pub(super) expires_at: Timestamp,
}

impl LiveSession {
    /// Its latest end, in words.
    pub(super) fn until(&self) -> String {
        minute(self.expires_at)
    }
}

/// An engineer as members see them.
#[derive(Debug, Deserialize)]
pub(super) struct SeenEngineer {
    pub(super) name: String,
}

impl Overview {
    /// Reads an answer of the gate's.
    pub(super) fn read(body: &Value) -> Option<Self> {
        Self::deserialize(body).ok()
    }
}

impl Grant {
    /// How far it goes, in words.
    pub(super) fn reach(&self) -> &'static str {
        if self.access == "full" { "Full access" } else { "Read-only access" }
    }

    /// Its end, in words.
    pub(super) fn until(&self) -> String {
        self.expires_at.map_or_else(|| "until revoked".to_owned(), |end| format!("until {}", minute(end)))
    }
}

/// A moment as people read it: `2026-11-22 17:05 UTC`.
pub(super) fn minute(at: Timestamp) -> String {
    let text = at.to_string();
    let (day, time) = text.split_once('T').unwrap_or((&text, ""));
    format!("{day} {} UTC", time.get(..5).unwrap_or(time))
}

/// What a member chooses in a form; what is left empty is not sent.
#[derive(Debug, Deserialize)]
pub(super) struct GrantForm {
    duration: String,
    access: String,
    #[serde(default)]
    organization: String,
    #[serde(default)]
    purpose: String,
}

/// The choice of no end.
const UNTIL_REVOKED: &str = "until-revoked";

impl GrantForm {
    /// The body of `POST /workspaces/{ws}/grants`. The gate checks it: the demo shows what it says to nonsense.
    pub(super) fn body(&self) -> Value {
        let named = |text: &str| (!text.is_empty()).then(|| Value::from(text));
        let endless = self.duration == UNTIL_REVOKED;
        let said = [
            ("access", Some(self.access.as_str().into())),
            ("until_revoked", endless.then_some(Value::Bool(true))),
            ("duration", (!endless).then(|| self.duration.as_str().into())),
            ("organization", named(&self.organization)),
            ("purpose", named(&self.purpose)),
        ];
        said.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}

/// A refusal of the gate's: the problem document, in part.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Refused {
    pub(super) title: String,
    pub(super) detail: String,
    pub(super) code: String,
    pub(super) next: Option<String>,
}

impl Refused {
    /// Reads an answer of the gate's.
    pub(super) fn read(body: &Value) -> Option<Self> {
        Self::deserialize(body).ok()
    }
}

/// Whether `id` has the shape of the gate's ids, so that it may stand in a path.
pub(super) fn is_id(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_overview_is_read_as_the_gate_writes_it() {
        let body = json!({
            "workspace": "acme", "granted": true, "waiting": [], "choices": {"presets": ["1d"]},
            "grants": [{"id": "gr_1", "workspace": "acme", "subject": "olga", "access": "full", "standing": "live",
                        "origin": "direct", "starts_at": "2026-11-22T09:00:00.000Z",
                        "expires_at": "2026-11-25T09:00:00.000Z", "created_at": "2026-11-22T09:00:00.000Z"}],
            "sessions": [{"id": "se_1", "engineer": {"name": "Ada Lindqvist", "email": "ada@x.example"},
                          "subject": "olga", "grant": "gr_1", "started_at": "2026-11-22T09:00:00.000Z",
                          "expires_at": "2026-11-22T17:00:00.000Z", "last_seen_at": "2026-11-22T09:00:00.000Z"}],
        });
        let overview = Overview::read(&body).expect("an overview");
        assert!(overview.granted && overview.excluded.is_none());
        assert_eq!(overview.grants[0].until(), "until 2026-11-25 09:00 UTC");
        assert_eq!(overview.grants[0].reach(), "Full access");
        assert_eq!(overview.sessions[0].engineer.name, "Ada Lindqvist");
    }

    #[test]
    fn only_the_gates_own_kind_of_id_goes_into_a_path() {
        assert!(is_id("gr_0193ab"));
        for bad in ["", "../sessions", "gr_1/x", "gr%2f"] {
            assert!(!is_id(bad), "{bad:?}");
        }
    }
}
