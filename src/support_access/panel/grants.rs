//! How a grant is shown: who may enter with it, as whom, since when and until when.
use crate::access::hygiene::Why;
use crate::access::support_access::Overview;
use crate::domain::grant::{Access, Grant, Origin, Standing};
use crate::domain::id::GrantId;
use crate::domain::member::Member;
use crate::domain::time::Timestamp;
use crate::face::Moment;

/// A grant that is live or to come.
#[derive(Debug)]
pub(in crate::support_access) struct Lent {
    pub(super) id: GrantId,
    /// Whom it lets in.
    pub(super) whom: String,
    /// Whose login it lends; none: the viewer's own.
    pub(super) login: Option<String>,
    pub(super) full: bool,
    pub(super) to_come: bool,
    pub(super) starts: Moment,
    /// When it ends; none: when somebody revokes it.
    pub(super) ends: Option<Moment>,
    /// How it came to be.
    pub(super) origin: &'static str,
    pub(super) ticket: Option<String>,
    pub(super) purpose: Option<String>,
    /// The paths that it opens, where those are not all.
    pub(super) scope: Option<String>,
    /// Why somebody should look at it.
    pub(super) review: Option<&'static str>,
}

impl Lent {
    /// Those of the overview, for `viewer`.
    pub(super) fn all(overview: &Overview, viewer: &Member, now: Timestamp) -> Vec<Self> {
        overview.grants.iter().map(|grant| Self::new(grant, overview, viewer, now)).collect()
    }

    /// Whether it has not begun.
    pub(super) const fn is_to_come(&self) -> bool {
        self.to_come
    }

    fn new(grant: &Grant, overview: &Overview, viewer: &Member, now: Timestamp) -> Self {
        let review = overview.review.iter().find(|review| review.grant == grant.id).map(|review| match review.why {
            Why::Unused => "Nobody has used it so far. Revoke it if it is not needed.",
            Why::Long => "It has been in force for long. Revoke it if it is not needed any more.",
        });
        let scope = grant.scope.as_ref().map(|paths| paths.iter().map(ToString::to_string).collect::<Vec<_>>());
        Self {
            id: grant.id.clone(),
            whom: whom(grant, overview),
            login: (grant.subject != viewer.id).then(|| grant.subject.to_string()),
            full: grant.access == Access::Full,
            to_come: grant.standing(now) == Standing::NotYet,
            starts: Moment::at(grant.starts_at),
            ends: grant.expires_at.map(Moment::at),
            origin: match grant.origin {
                Origin::Direct => "granted",
                Origin::Approval => "approved on request",
                Origin::SupportRequest => "came with a support request",
            },
            ticket: grant.ticket.clone(),
            purpose: grant.purpose.clone(),
            scope: scope.map(|paths| paths.join(", ")),
            review,
        }
    }
}

/// Whom the grant names, in words.
fn whom(grant: &Grant, overview: &Overview) -> String {
    let organization = grant.organization.as_ref();
    let organization = organization.map(|id| overview.organizations.get(id).unwrap_or(id).clone());
    let named = match (&grant.engineers, &grant.groups) {
        (Some(engineers), _) if engineers.is_empty() => Some("Whoever takes up the support request".to_owned()),
        (Some(engineers), _) => {
            let names = engineers.iter().map(|id| overview.names.get(id).cloned().unwrap_or_else(|| id.to_string()));
            Some(names.collect::<Vec<_>>().join(", "))
        }
        (None, Some(groups)) => Some(groups.join(", ")),
        (None, None) => None,
    };
    match (named, organization) {
        (Some(named), Some(organization)) => format!("{named} ({organization})"),
        (Some(named), None) => named,
        (None, Some(organization)) => organization,
        (None, None) => "Support engineers".to_owned(),
    }
}
