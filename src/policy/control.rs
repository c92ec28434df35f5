//! A control-plane question in Cedar's words. These are rare, so each is built whole and checked against the schema.
use cedar_policy::{Context, Entities, Entity, EntityUid, Request};
use serde::Serialize;

use crate::domain::id::MemberId;
use crate::domain::session::BasisRef;
use crate::domain::time::Timestamp;

use super::entities::{self, Fact, flag, length, moment, record, reference, text};
use super::facts::{ConsentFacts, EngineerFacts, MemberFacts, StartFacts, WorkFacts, WorkspaceFacts};
use super::prepared::unreadable;
use super::question::{ControlFacts, ControlQuestion, Principal, SessionStart, Terms, Work};
use super::vocabulary::{PreparedError, Vocabulary};

/// The question for Cedar, with the entities that it speaks of.
pub(super) fn request(question: &ControlQuestion<'_>) -> Result<(Request, Entities), PreparedError> {
    let words = Vocabulary::get()?;
    let (principal, noun) = principal(words, question.principal)?;
    let workspace = entities::workspace(words, question.workspace)?;
    let resource = workspace.uid();
    let mut nouns = vec![noun, workspace];
    let facts = match question.facts {
        ControlFacts::Consent { impersonated, terms } => {
            consent(question.now, &consent_facts(question.principal, impersonated, &terms))
        }
        ControlFacts::Start(start) => {
            if let Some((_, subject)) = start.basis {
                nouns.push(entities::member(words, subject)?);
            }
            begin(words, question.now, &start)?
        }
        ControlFacts::Work(work) => {
            nouns.extend(work.subject.map(|subject| entities::member(words, subject)).transpose()?);
            // Whoever judges their own work is there already.
            let declarer = work.declared_by.map(|engineer| entities::engineer(words, engineer)).transpose()?;
            nouns.extend(declarer.filter(|declarer| declarer.uid() != principal));
            about(words, question.now, &work)
        }
    };
    let context = Context::from_pairs(facts).map_err(PreparedError::facts)?;
    let action = words.action(question.action.name());
    let request =
        Request::new(principal, action, resource, context, Some(&words.schema)).map_err(PreparedError::facts)?;
    Ok((request, Entities::from_entities(nouns, Some(&words.schema)).map_err(PreparedError::facts)?))
}

fn principal(words: &Vocabulary, who: Principal<'_>) -> Result<(EntityUid, Entity), PreparedError> {
    let entity = match who {
        Principal::Member(member) => entities::member(words, member)?,
        Principal::Engineer(engineer) => entities::engineer(words, engineer)?,
    };
    Ok((entity.uid(), entity))
}

fn consent(now: Timestamp, given: &ConsentFacts<'_>) -> Vec<Fact> {
    let mut facts = vec![moment("now", now), flag("impersonated", given.impersonated)];
    facts.extend(given.access.map(|access| text("access", access.as_str())));
    facts.extend(given.lasts.map(|span| length("lasts", span)));
    facts.extend(given.organization.map(|name| text("organization", name)));
    facts.extend(given.purpose.map(|purpose| text("purpose", purpose)));
    facts.extend(given.own.map(|own| flag("own", own)));
    facts
}

fn consent_facts<'a>(who: Principal<'_>, impersonated: bool, terms: &Terms<'a>) -> ConsentFacts<'a> {
    let Terms { access, lasts, organization, purpose, subject } = *terms;
    let own = |subject: &MemberId| match who {
        Principal::Member(member) => member.id == *subject,
        Principal::Engineer(_) => false,
    };
    ConsentFacts { impersonated, access, lasts, organization, purpose, own: subject.map(own) }
}

fn begin(words: &Vocabulary, now: Timestamp, start: &SessionStart<'_>) -> Result<Vec<Fact>, PreparedError> {
    let mut facts = vec![moment("now", now), flag("chained", start.chained), text("reason", start.reason)];
    facts.extend(start.ticket.map(|ticket| text("ticket", ticket)));
    if let Some((basis, subject)) = start.basis {
        let basis = match basis {
            // No path is asked for yet, so the scope covers it.
            BasisRef::Grant(grant) => {
                record("grant", entities::grant(words, grant).into_iter().chain([flag("covers_path", true)]))?
            }
            BasisRef::Emergency(emergency) => record("emergency", entities::emergency(words, emergency))?,
        };
        facts.extend([basis, reference("subject", words.member(&subject.key()))]);
    }
    Ok(facts)
}

fn about(words: &Vocabulary, now: Timestamp, work: &Work<'_>) -> Vec<Fact> {
    let mut facts = vec![moment("now", now), flag("unreviewed", work.unreviewed)];
    facts.extend(work.access.map(|access| text("access", access.as_str())));
    facts.extend(work.lasts.map(|span| length("lasts", span)));
    facts.extend(work.reason.map(|reason| text("reason", reason)));
    facts.extend(work.ticket.map(|ticket| text("ticket", ticket)));
    facts.extend(work.subject.map(|subject| reference("subject", words.member(&subject.key()))));
    facts.extend(work.declared_by.map(|declarer| reference("declared_by", words.engineer(declarer.id.as_str()))));
    facts.extend(work.reason_code.map(|code| text("reason_code", code)));
    facts
}

/// The facts of the question, as the trail keeps them.
#[derive(Serialize)]
struct Facts<'a> {
    action: &'a str,
    now: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    engineer: Option<EngineerFacts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<MemberFacts>,
    workspace: WorkspaceFacts,
    #[serde(flatten)]
    consent: Option<ConsentFacts<'a>>,
    #[serde(flatten)]
    start: Option<StartFacts<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    work: Option<WorkFacts>,
}

/// The facts as one JSON object.
pub(super) fn facts(question: &ControlQuestion<'_>) -> String {
    let (engineer, member) = match question.principal {
        Principal::Engineer(engineer) => (Some(engineer.into()), None),
        Principal::Member(member) => (None, Some(member.into())),
    };
    let (consent, start, work) = match question.facts {
        ControlFacts::Consent { impersonated, terms } => {
            (Some(consent_facts(question.principal, impersonated, &terms)), None, None)
        }
        ControlFacts::Start(start) => (None, Some(start_facts(&start)), None),
        ControlFacts::Work(work) => (None, None, Some(WorkFacts::from(&work))),
    };
    let facts = Facts {
        action: question.action.name(),
        now: question.now,
        engineer,
        member,
        workspace: question.workspace.into(),
        consent,
        start,
        work,
    };
    serde_json::to_string(&facts).unwrap_or_else(|error| unreadable(&error))
}

fn start_facts<'a>(start: &SessionStart<'a>) -> StartFacts<'a> {
    StartFacts {
        chained: start.chained,
        reason: start.reason,
        ticket: start.ticket,
        subject: start.basis.map(|(_, subject)| subject.into()),
        basis: start.basis.map(|(basis, _)| basis.into()),
    }
}
