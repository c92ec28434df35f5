//! From columns to domain types: what cannot be read is a [`StoreError::Corrupt`], never a default.
use std::fmt::Display;
use std::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::de::value::{Error as WordError, StrDeserializer};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::domain::time::Timestamp;

use super::sqlite::StoreError;

/// A row of `table`.
pub(super) struct Columns<'r> {
    pub(super) row: &'r SqliteRow,
    pub(super) table: &'static str,
}

impl<'r> Columns<'r> {
    /// A column as the database has it.
    pub(super) fn plain<T>(&self, column: &str) -> Result<T, StoreError>
    where
        T: sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
    {
        Ok(self.row.try_get(column)?)
    }

    /// A text that parses.
    pub(super) fn parsed<T: FromStr<Err: Display>>(&self, column: &str) -> Result<T, StoreError> {
        self.plain::<&str>(column)?.parse().map_err(|error: T::Err| self.corrupt(column, &error))
    }

    /// One of the words that the API uses too.
    pub(super) fn word<T: DeserializeOwned>(&self, column: &str) -> Result<T, StoreError> {
        let word = StrDeserializer::<WordError>::new(self.plain(column)?);
        T::deserialize(word).map_err(|error| self.corrupt(column, &error))
    }

    /// A list or a set.
    pub(super) fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T, StoreError> {
        serde_json::from_str(self.plain(column)?).map_err(|error| self.corrupt(column, &error))
    }

    /// A list that may be absent.
    pub(super) fn optional_json<T: DeserializeOwned>(&self, column: &str) -> Result<Option<T>, StoreError> {
        match self.plain::<Option<&str>>(column)? {
            Some(_) => self.json(column).map(Some),
            None => Ok(None),
        }
    }

    /// A moment.
    pub(super) fn time(&self, column: &str) -> Result<Timestamp, StoreError> {
        Ok(Timestamp::from_millis(self.plain(column)?))
    }

    /// A moment that may be absent.
    pub(super) fn optional_time(&self, column: &str) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.plain::<Option<i64>>(column)?.map(Timestamp::from_millis))
    }

    /// The error for a column that cannot be read.
    pub(super) fn corrupt(&self, column: &str, problem: &dyn Display) -> StoreError {
        StoreError::Corrupt { table: self.table, problem: format!("column `{column}`: {problem}") }
    }
}

/// A list or a set, as it is stored.
pub(super) fn to_json<T: Serialize>(table: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt { table, problem: error.to_string() })
}

/// A list that may be absent, as it is stored.
pub(super) fn to_optional_json<T: Serialize>(
    table: &'static str,
    value: Option<&T>,
) -> Result<Option<String>, StoreError> {
    value.map(|list| to_json(table, list)).transpose()
}
