//! What the calls of the trail are asked with.
use axum::extract::{FromRequestParts, Query as UriQuery};
use http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::access::PageRequest;
use crate::api::error::ApiError;
use crate::api::input::{checked, detail};
use crate::audit::{Form, Kind, Query};
use crate::domain::id::{EngineerId, SessionId};

/// The query of the list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TrailQuery {
    /// Where to go on: `next` of the page before.
    after: Option<String>,
    /// How many records at most; 50 when it is left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// Only records of this kind, such as `grant.revoked`, or `access.*` for all that begin so; several are parted by
    /// commas.
    kind: Option<String>,
    /// Only records of this session.
    session: Option<SessionId>,
    /// Only records about this engineer.
    engineer: Option<EngineerId>,
}

/// Which records.
#[derive(Debug)]
pub(in crate::api::v1) struct RecordsAsked {
    pub(super) query: Query,
    pub(super) page: PageRequest,
}

impl<S: Send + Sync> FromRequestParts<S> for RecordsAsked {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let UriQuery(TrailQuery { after, limit, kind, session, engineer }) =
            UriQuery::try_from_uri(&parts.uri).map_err(|error| ApiError::bad_request(detail(&error)))?;
        let page = PageRequest { after, limit: checked(limit)? };
        let kinds = kind.map(|words| kinds(&words)).transpose()?.unwrap_or_default();
        Ok(Self { query: Query { kinds, session, engineer }, page })
    }
}

/// The kinds that these words name.
fn kinds(words: &str) -> Result<Vec<Kind>, ApiError> {
    let mut named = Vec::new();
    for word in words.split(',') {
        let before = named.len();
        named.extend(Kind::ALL.iter().filter(|kind| match word.strip_suffix('*') {
            Some(begin) => kind.as_str().starts_with(begin),
            None => kind.as_str() == word,
        }));
        if named.len() == before {
            let word: String = word.chars().take(80).collect();
            return Err(ApiError::bad_request(format!("`{word}` is no kind of record, and none begins so")));
        }
    }
    Ok(named)
}

/// The form of an export, as the query says it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum FormWord {
    /// One JSON object a line.
    #[default]
    Jsonl,
    /// One row a record, for spreadsheets.
    Csv,
}

impl FormWord {
    /// The end of a file's name.
    pub(super) const fn ending(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
        }
    }

    /// The media type.
    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::Jsonl => "application/jsonl",
            Self::Csv => "text/csv; charset=utf-8; header=present",
        }
    }
}

impl From<FormWord> for Form {
    fn from(word: FormWord) -> Self {
        match word {
            FormWord::Jsonl => Self::Jsonl,
            FormWord::Csv => Self::Csv,
        }
    }
}

/// The query of an export.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ExportQuery {
    /// In which form; JSON Lines when it is left out.
    #[serde(default)]
    #[param(inline)]
    format: FormWord,
}

/// In which form.
#[derive(Debug)]
pub(crate) struct FormAsked(pub(super) FormWord);

impl<S: Send + Sync> FromRequestParts<S> for FormAsked {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let UriQuery(ExportQuery { format }) =
            UriQuery::try_from_uri(&parts.uri).map_err(|error| ApiError::bad_request(detail(&error)))?;
        Ok(Self(format))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_named_by_their_words_or_by_how_they_begin() {
        assert_eq!(kinds("grant.revoked").ok(), Some(vec![Kind::GrantRevoked]));
        assert_eq!(kinds("grant.created,session.started").ok(), Some(vec![Kind::GrantCreated, Kind::SessionStarted]));
        let access = [Kind::AccessPermitted, Kind::AccessRefused, Kind::AccessCompleted];
        assert_eq!(kinds("access.*").ok(), Some(access.to_vec()));
        assert_eq!(kinds("*").ok().map(|all| all.len()), Some(Kind::ALL.len()));
        for wrong in ["", "grant", "grant.created,", "grants.*", "Grant.Created"] {
            assert!(kinds(wrong).is_err(), "{wrong}");
        }
    }
}
