//! Who is there: support staff in a customer's login, by the gate's assertion, or a customer, by the app's own cookie.
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::demo::identities::{DemoMember, member};
use crate::demo::web;
use crate::domain::member::Role;

use super::books::Ledger;
use super::problem::AppProblem;
use super::{App, assertion, front_door};

/// Somebody whom the app knows.
#[derive(Debug, Clone)]
pub(super) struct Visitor {
    /// Whose login it is.
    pub(super) member: &'static DemoMember,
    /// Who uses it, when that is somebody else.
    pub(super) actor: Option<Actor>,
    /// The gate's origin.
    pub(super) gate: String,
}

/// Somebody in another person's login.
#[derive(Debug, Clone)]
pub(super) struct Actor {
    pub(super) id: String,
    pub(super) email: String,
    pub(super) name: String,
    pub(super) kind: ActorKind,
}

/// What kind of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ActorKind {
    /// The vendor's support, through the gate.
    Support { session: String, read_only: bool },
    /// A colleague of the same workspace, by the login-as button.
    Colleague,
}

impl Visitor {
    /// The workspace's books, if `workspace` is the visitor's own: any other does not exist for them.
    pub(super) fn own<'a>(&self, books: &'a super::Books, workspace: &str) -> Result<&'a Ledger, AppProblem> {
        self.expect_own(workspace)?;
        books.ledger(workspace).ok_or(AppProblem::NotFound)
    }

    /// As [`Visitor::own`], for changing them.
    pub(super) fn own_mut<'a>(
        &self,
        books: &'a mut super::Books,
        workspace: &str,
    ) -> Result<&'a mut Ledger, AppProblem> {
        self.expect_own(workspace)?;
        books.ledger_mut(workspace).ok_or(AppProblem::NotFound)
    }

    /// Only the visitor's own workspace exists.
    pub(super) fn expect_own(&self, workspace: &str) -> Result<(), AppProblem> {
        if self.member.workspace == workspace { Ok(()) } else { Err(AppProblem::NotFound) }
    }

    /// Only owners get past.
    pub(super) fn expect_owner(&self) -> Result<(), AppProblem> {
        match self.member.role {
            Role::Owner => Ok(()),
            Role::Admin | Role::Member => Err(AppProblem::Forbidden("only owners of the workspace can open this")),
        }
    }

    /// Only owners and admins get past.
    pub(super) fn expect_admin(&self) -> Result<(), AppProblem> {
        match self.member.role {
            Role::Owner | Role::Admin => Ok(()),
            Role::Member => Err(AppProblem::Forbidden("only owners and admins of the workspace can open this")),
        }
    }

    /// Consent is the customer's own act: nobody gives it from inside another person's login.
    pub(super) fn expect_themselves(&self) -> Result<(), AppProblem> {
        match self.actor {
            None => Ok(()),
            Some(_) => Err(AppProblem::Forbidden("only the customer decides this, never somebody in their login")),
        }
    }

    /// How a change is signed: by its actor too.
    pub(super) fn signature(&self) -> String {
        match &self.actor {
            None => self.member.id.to_owned(),
            Some(actor) => format!("{} for {}", actor.name, self.member.id),
        }
    }
}

impl FromRequestParts<Arc<App>> for Visitor {
    type Rejection = AppProblem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, AppProblem> {
        let Some(assertion) = parts.headers.get(assertion::HEADER) else {
            let cookie = web::cookie(&parts.headers, front_door::COOKIE).unwrap_or_default();
            return app.logins().visitor(cookie).ok_or(AppProblem::WhoAreYou);
        };
        // An assertion that counts for nothing never falls back to the cookie.
        let token = assertion.to_str().map_err(|_| AppProblem::BadAssertion)?;
        let genuine = app.gate_keys.verify(token).await.map_err(|why| {
            tracing::warn!(%why, "an assertion was refused");
            AppProblem::BadAssertion
        })?;
        let member = member(&genuine.workspace, &genuine.sub).ok_or(AppProblem::NotFound)?;
        let kind = ActorKind::Support { session: genuine.session, read_only: genuine.access == "read_only" };
        let name = first_name(&genuine.act.email);
        let actor = Actor { id: genuine.act.sub, email: genuine.act.email, name, kind };
        Ok(Self { member, actor: Some(actor), gate: app.places.gate.clone() })
    }
}

/// A name to show for somebody of whom only the address is known: `ada@…` is Ada.
fn first_name(email: &str) -> String {
    let local = email.split(['@', '.', '+']).next().unwrap_or_default();
    let mut letters = local.chars();
    letters.next().map_or_else(|| "Somebody".to_owned(), |first| first.to_uppercase().chain(letters).collect())
}
