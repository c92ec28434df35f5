//! The form for a grant. A field that is left empty says nothing.
use std::str::FromStr;

use serde::Deserialize;

use crate::access::grants::{Lasting, NewGrant};
use crate::api::error::ApiError;
use crate::domain::grant::Access;
use crate::domain::text::Label;
use crate::domain::time::{Span, Timestamp};

/// One day.
const DAY: Span = Span::from_seconds(24 * 60 * 60);
/// The furthest that a clock on a wall is from UTC, in minutes.
const FURTHEST: i64 = 14 * 60;

/// What the form brings.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct GrantForm {
    /// `until_revoked`, `date`, or a length such as `3d`.
    lasting: String,
    /// The last day, as `2026-11-30`.
    until: String,
    /// How many minutes the reader's clock is behind UTC, as browsers say it.
    offset: String,
    access: String,
    organization: String,
    purpose: String,
    ticket: String,
    /// Ids, parted by commas or blanks.
    engineers: String,
    /// Paths, parted by commas or blanks.
    scope: String,
}

impl GrantForm {
    /// What is asked for.
    pub(super) fn read(&self) -> Result<NewGrant, ApiError> {
        let access = match self.access.as_str() {
            "read_only" => Access::ReadOnly,
            "full" => Access::Full,
            _ => return Err(ApiError::bad_request("choose how far the access goes")),
        };
        Ok(NewGrant {
            starts_at: None,
            lasting: self.lasting()?,
            access,
            engineers: list("engineers", &self.engineers)?,
            groups: None,
            organization: line("organization", &self.organization)?,
            ticket: line("ticket", &self.ticket)?,
            purpose: line("purpose", &self.purpose)?,
            scope: list("paths", &self.scope)?,
        })
    }

    fn lasting(&self) -> Result<Option<Lasting>, ApiError> {
        match self.lasting.as_str() {
            "" => Ok(None),
            "until_revoked" => Ok(Some(Lasting::UntilRevoked)),
            "date" => self.last_day().map(|end| Some(Lasting::Until(end))),
            length => parsed::<Span>("duration", length).map(|span| Some(Lasting::For(span))),
        }
    }

    /// The end of the last day, where the reader is.
    fn last_day(&self) -> Result<Timestamp, ApiError> {
        let midnight: Timestamp = format!("{}T00:00:00Z", self.until.trim())
            .parse()
            .map_err(|_| ApiError::bad_request("choose the last day of the access"))?;
        let behind: i64 = if self.offset.is_empty() { 0 } else { parsed("offset", &self.offset)? };
        if behind.abs() > FURTHEST {
            return Err(ApiError::bad_request("no clock is that far from UTC"));
        }
        Ok(midnight.plus(DAY).plus(Span::from_seconds(behind * 60)))
    }
}

fn line(field: &str, text: &str) -> Result<Option<Label>, ApiError> {
    if text.trim().is_empty() { Ok(None) } else { parsed(field, text).map(Some) }
}

fn list<T: FromStr<Err: std::fmt::Display>>(field: &str, text: &str) -> Result<Option<Vec<T>>, ApiError> {
    let words = text.split([',', ' ', '\n', '\r']).filter(|word| !word.is_empty());
    let all: Vec<T> = words.map(|word| parsed(field, word)).collect::<Result<_, _>>()?;
    Ok(Some(all).filter(|all| !all.is_empty()))
}

fn parsed<T: FromStr<Err: std::fmt::Display>>(field: &str, text: &str) -> Result<T, ApiError> {
    text.trim().parse().map_err(|problem: T::Err| ApiError::bad_request(format!("{field}: {problem}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(lasting: &str, until: &str, offset: &str) -> GrantForm {
        let text = str::to_owned;
        GrantForm {
            lasting: text(lasting),
            until: text(until),
            offset: text(offset),
            access: text("full"),
            ..GrantForm::default()
        }
    }

    fn end(form: &GrantForm) -> String {
        match form.read().expect("a grant").lasting {
            Some(Lasting::Until(end)) => end.to_string(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_last_day_ends_where_the_reader_is() {
        assert_eq!(end(&form("date", "2026-11-30", "")), "2026-12-01T00:00:00.000Z");
        assert_eq!(end(&form("date", "2026-11-30", "-60")), "2026-11-30T23:00:00.000Z");
        assert_eq!(end(&form("date", "2026-11-30", "300")), "2026-12-01T05:00:00.000Z");
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for bad in [
            form("date", "", ""),
            form("date", "30.11.2026", ""),
            form("date", "2026-11-30", "9000"),
            form("soon", "", ""),
            GrantForm { access: String::new(), ..form("3d", "", "") },
            GrantForm { scope: "billing".to_owned(), ..form("3d", "", "") },
        ] {
            assert!(bad.read().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn what_is_left_empty_says_nothing() {
        let new = form("3d", "2026-11-30", "").read().expect("a grant");
        assert!(matches!(new.lasting, Some(Lasting::For(span)) if span == "3d".parse().unwrap()));
        assert!(new.engineers.is_none() && new.ticket.is_none() && new.scope.is_none());
        assert!(form("", "", "").read().expect("a grant").lasting.is_none());
    }
}
