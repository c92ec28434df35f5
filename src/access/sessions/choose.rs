//! Which grant a session stands on, or whose refusal is the nearest to a permission.
use std::cmp::Reverse;

use crate::domain::action::ControlAction;
use crate::domain::engineer::Engineer;
use crate::domain::grant::Grant;
use crate::domain::id::{GrantId, MemberKey};
use crate::domain::member::Member;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::session::BasisRef;
use crate::domain::time::Timestamp;
use crate::domain::workspace::Workspace;
use crate::policy::{
    Allowed, Bundle, ControlFacts, ControlQuestion, DecisionRecord, Principal, Refused, SessionStart, decide_control,
};
use crate::store::{Connection, grants, members};

use crate::access::AccessError;

/// How many grants that are over are tried beside the open ones: they only tell the engineer what happened.
const OVER: u32 = 20;

/// The facts of a session's beginning, all but the grant.
#[derive(Clone, Copy)]
pub(in crate::access) struct Entry<'a> {
    pub(in crate::access) engineer: &'a Engineer,
    pub(in crate::access) workspace: &'a Workspace,
    pub(in crate::access) reason: &'a str,
    pub(in crate::access) ticket: Option<&'a str>,
    pub(in crate::access) now: Timestamp,
}

impl Entry<'_> {
    /// What the policies say to a session on that.
    pub(in crate::access) fn on(
        &self,
        bundle: &Bundle,
        basis: Option<(BasisRef<'_>, &Member)>,
    ) -> Result<Allowed, Box<Refused>> {
        // A staff token with `act` makes no actor, so nobody who comes this far acts for somebody else.
        let case = match basis {
            Some((BasisRef::Grant(grant), _)) => grant.case(),
            Some((BasisRef::Emergency(_), _)) | None => None,
        };
        let start = SessionStart { basis, chained: false, reason: self.reason, ticket: case.or(self.ticket) };
        let question = ControlQuestion {
            principal: Principal::Engineer(self.engineer),
            action: ControlAction::StartSession,
            workspace: self.workspace,
            now: self.now,
            facts: ControlFacts::Start(start),
        };
        decide_control(bundle, &question)
    }
}

impl Entry<'_> {
    /// The refusal of an engineer who names another case than the one that the grant is for.
    fn for_another_case(&self, grant: &Grant) -> Option<Refusal> {
        let case = grant.case().filter(|case| self.ticket.is_some_and(|ticket| ticket != *case))?;
        let refusal = Refusal::because(Code::NotNamed, format!("this grant is for the support request `{case}` alone"));
        Some(
            refusal.next(format!(
                "name `{case}` as the ticket, or leave the ticket out; for anything else ask for a grant"
            )),
        )
    }
}

/// Says to an engineer whom the grant of a support request does not name how they come to be named.
fn named_by_case(mut refused: Refused, grant: &Grant) -> Refused {
    if let Some(case) = grant.case().filter(|_| refused.refusal.code == Code::NotNamed) {
        refused.refusal.reason = format!("this grant is for whoever works on the support request `{case}`");
        refused.refusal.next = Some("take it up first: `POST /support-requests/{id}/start`".to_owned());
    }
    refused
}

/// A grant that a session might stand on.
pub(in crate::access) struct Candidate {
    pub(in crate::access) grant: Grant,
    /// Whose login it lends; none when the member is gone, and the grant without effect.
    pub(in crate::access) subject: Option<Member>,
}

/// What came of it.
pub(in crate::access) enum Choice {
    /// Exactly one grant fits.
    One(Box<Grant>, DecisionRecord),
    /// Several fit, newest first.
    Several(Vec<GrantId>),
    /// None fits.
    None(Nearest),
}

/// The refusal that is the nearest to a permission.
pub(in crate::access) struct Nearest {
    pub(in crate::access) refusal: Refusal,
    /// The policies' decision; none when the grant's subject is gone, or it is for another case: not their business.
    pub(in crate::access) decision: Option<DecisionRecord>,
    pub(in crate::access) grant: Option<GrantId>,
}

/// The grants to try: the named one, or all of the workspace, newest first.
pub(in crate::access) async fn candidates(
    tx: &mut Connection,
    entry: &Entry<'_>,
    named: Option<&GrantId>,
) -> Result<Vec<Candidate>, AccessError> {
    let workspace = &entry.workspace.id;
    let mut grants = match named {
        Some(id) => grants::find(tx, workspace, id).await?.into_iter().collect(),
        None => grants::open(tx, workspace, entry.now).await?,
    };
    if named.is_none() {
        let latest = grants::list(tx, workspace, None, OVER).await?;
        let over: Vec<_> = latest.into_iter().filter(|grant| grants.iter().all(|open| open.id != grant.id)).collect();
        grants.extend(over);
    }
    let mut candidates = Vec::with_capacity(grants.len());
    for grant in grants {
        let key = MemberKey { workspace: grant.workspace.clone(), id: grant.subject.clone() };
        candidates.push(Candidate { subject: members::find(tx, &key).await?, grant });
    }
    candidates.sort_by(|a, b| b.grant.id.cmp(&a.grant.id));
    Ok(candidates)
}

/// Tries them all.
pub(in crate::access) fn choose(bundle: &Bundle, entry: &Entry<'_>, candidates: Vec<Candidate>) -> Choice {
    let mut fitting = Vec::new();
    let mut refusals = Vec::new();
    for Candidate { grant, subject } in candidates {
        if let Some(refusal) = entry.for_another_case(&grant) {
            refusals.push(Nearest { refusal, decision: None, grant: Some(grant.id) });
            continue;
        }
        match subject.as_ref().map(|subject| entry.on(bundle, Some((BasisRef::Grant(&grant), subject)))) {
            Some(Ok(allowed)) => fitting.push((grant, allowed.decision().clone())),
            Some(Err(refused)) => refusals.push(Nearest::from_policy(named_by_case(*refused, &grant), Some(grant.id))),
            None => refusals.push(Nearest::subject_gone(grant.id)),
        }
    }
    if fitting.len() > 1 {
        return Choice::Several(fitting.into_iter().map(|(grant, _)| grant.id).collect());
    }
    match fitting.pop() {
        Some((grant, decision)) => Choice::One(Box::new(grant), decision),
        None => Choice::None(nearest(refusals).unwrap_or_else(|| without_grant(bundle, entry))),
    }
}

/// The refusal with the fewest causes; among equals that of the newest grant.
fn nearest(refusals: Vec<Nearest>) -> Option<Nearest> {
    refusals.into_iter().min_by_key(|nearest| (nearest.refusal.also.len(), Reverse(nearest.grant.clone())))
}

/// The policies' word on an entry without any grant; never a permission.
fn without_grant(bundle: &Bundle, entry: &Entry<'_>) -> Nearest {
    match entry.on(bundle, None) {
        Err(refused) => Nearest::from_policy(*refused, None),
        Ok(allowed) => {
            Nearest { refusal: Code::GrantMissing.into(), decision: Some(allowed.decision().clone()), grant: None }
        }
    }
}

impl Nearest {
    fn from_policy(refused: Refused, grant: Option<GrantId>) -> Self {
        Self { refusal: refused.refusal, decision: Some(refused.decision), grant }
    }

    fn subject_gone(grant: GrantId) -> Self {
        let refusal = Refusal::because(Code::GrantEnded, "the member who granted this is gone");
        Self { refusal: refusal.next("ask another member for access"), decision: None, grant: Some(grant) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(millis: i64, code: Code, also: &[Code]) -> Nearest {
        let refusal = Refusal { also: also.to_vec(), ..Refusal::from(code) };
        let grant = Some(GrantId::mint(Timestamp::from_millis(millis)));
        Nearest { refusal, decision: None, grant }
    }

    #[test]
    fn the_nearest_refusal_is_the_one_with_the_fewest_causes_then_the_newest() {
        let found = nearest(vec![
            refusal(3, Code::NotNamed, &[Code::GrantEnded]),
            refusal(2, Code::GrantNotYet, &[]),
            refusal(1, Code::GrantRevoked, &[]),
        ]);
        assert_eq!(found.map(|nearest| nearest.refusal.code), Some(Code::GrantNotYet));
        assert!(nearest(Vec::new()).is_none());
    }
}
