//! What a member sends: a new grant, or where its end shall move.
use serde::Deserialize;
use utoipa::ToSchema;

use crate::access::grants::{Lasting, NewGrant};
use crate::api::error::ApiError;
use crate::domain::grant::Access;
use crate::domain::id::EngineerId;
use crate::domain::path_pattern::PathPattern;
use crate::domain::text::Label;
use crate::domain::time::{Span, Timestamp};

/// What a member asks for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"access": "read_only", "duration": "3d", "ticket": "T-1"}))]
pub(in crate::api::v1) struct CreateGrant {
    starts_at: Option<Timestamp>,
    duration: Option<Span>,
    expires_at: Option<Timestamp>,
    #[serde(default)]
    until_revoked: bool,
    access: Access,
    engineers: Option<Vec<EngineerId>>,
    groups: Option<Vec<Label>>,
    organization: Option<Label>,
    ticket: Option<Label>,
    purpose: Option<Label>,
    scope: Option<Vec<PathPattern>>,
}

impl TryFrom<CreateGrant> for NewGrant {
    type Error = ApiError;

    fn try_from(body: CreateGrant) -> Result<Self, ApiError> {
        let groups = named("groups", body.groups)?;
        Ok(Self {
            starts_at: body.starts_at,
            lasting: lasting(body.duration, body.expires_at, body.until_revoked)?,
            access: body.access,
            engineers: named("engineers", body.engineers)?,
            groups: groups.map(|groups| groups.into_iter().map(String::from).collect()),
            organization: body.organization,
            ticket: body.ticket,
            purpose: body.purpose,
            scope: named("scope", body.scope)?,
        })
    }
}

/// Where a grant's end is moved to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"duration": "5d"}))]
pub(in crate::api::v1) struct ChangeGrant {
    duration: Option<Span>,
    expires_at: Option<Timestamp>,
    #[serde(default)]
    until_revoked: bool,
}

impl TryFrom<ChangeGrant> for Lasting {
    type Error = ApiError;

    fn try_from(body: ChangeGrant) -> Result<Self, ApiError> {
        lasting(body.duration, body.expires_at, body.until_revoked)?
            .ok_or_else(|| ApiError::bad_request("none of `duration`, `expires_at` and `until_revoked` is given"))
    }
}

/// At most one way to say how long; `until_revoked: false` says nothing.
fn lasting(
    duration: Option<Span>,
    expires_at: Option<Timestamp>,
    until_revoked: bool,
) -> Result<Option<Lasting>, ApiError> {
    match (duration, expires_at, until_revoked) {
        (None, None, false) => Ok(None),
        (Some(span), None, false) if span > Span::ZERO => Ok(Some(Lasting::For(span))),
        (Some(span), None, false) => Err(ApiError::bad_request(format!("duration: `{span}` is not longer than zero"))),
        (None, Some(end), false) => Ok(Some(Lasting::Until(end))),
        (None, None, true) => Ok(Some(Lasting::UntilRevoked)),
        (Some(_), Some(_), _) | (Some(_), None, true) | (None, Some(_), true) => {
            Err(ApiError::bad_request("more than one of `duration`, `expires_at` and `until_revoked` is given"))
        }
    }
}

/// A list that narrows a grant. Empty it would open nothing to nobody, or everything to everybody: nobody can tell.
fn named<T>(field: &str, list: Option<Vec<T>>) -> Result<Option<Vec<T>>, ApiError> {
    match list {
        Some(list) if list.is_empty() => {
            Err(ApiError::bad_request(format!("{field}: the list is empty; leave it out for no such limit")))
        }
        Some(_) | None => Ok(list),
    }
}
