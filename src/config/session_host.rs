//! `server.session_host`: the host that each session has for itself.
use crate::domain::id::SessionId;

/// A host with the session's label in it, as `{session}.support.example.com`.
///
/// The label is the session's id with a hyphen for the underscore: public, a legal DNS label, and one-to-one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionHost {
    /// What stands before the label, in lower case.
    pub before: String,
    /// What stands after it, without a port.
    pub after: String,
    /// The port that browsers name, with its colon; empty: the scheme's own.
    pub port: String,
}

impl SessionHost {
    /// The octets of a label: `se-` and a UUID.
    pub(super) const LABEL: usize = 35;

    /// The host of `session`, without a port.
    #[must_use]
    pub fn host(&self, session: &SessionId) -> String {
        format!("{}{}{}", self.before, session.as_str().replacen('_', "-", 1), self.after)
    }

    /// The origin of `session`, with the scheme of `public_url`.
    #[must_use]
    pub fn origin(&self, public_url: &str, session: &SessionId) -> String {
        let scheme = public_url.split_once("://").map_or("https", |(scheme, _)| scheme);
        format!("{scheme}://{}{}", self.host(session), self.port)
    }

    /// The session that `host`, in lower case and without a port, belongs to.
    #[must_use]
    pub fn session(&self, host: &str) -> Option<SessionId> {
        let label = host.strip_prefix(&self.before)?.strip_suffix(&self.after)?;
        let uuid = label.strip_prefix("se-").filter(|_| label.len() == Self::LABEL)?;
        let hex = uuid.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        hex.then(|| format!("se_{uuid}").parse().ok()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::time::Timestamp;

    use super::*;

    #[test]
    fn a_session_and_its_host_are_one_to_one() {
        let of = SessionHost { before: String::new(), after: ".support.example.com".into(), port: ":8443".into() };
        let session = SessionId::mint(Timestamp::from_millis(1_790_000_000_000));
        let host = of.host(&session);
        let label = host.split('.').next().unwrap_or_default();
        assert!(label.len() <= 63 && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'), "{label}");
        assert_eq!(of.session(&host), Some(session.clone()));
        assert_eq!(of.origin("https://support.example.com", &session), format!("https://{host}:8443"));
        let upper = host.replacen("se-", "se-A", 1);
        for other in ["support.example.com", "se-.support.example.com", "x.support.example.com", &upper] {
            assert_eq!(of.session(other), None, "{other}");
        }
    }
}
